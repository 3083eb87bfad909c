// One lane per node: a tick for every heartbeat of the last seconds, what happened to it, and its share of the load.
import { say } from "./words.js";
import { setText, setTone, svg } from "./marks.js";
import { beatAgeText, kilowatts, nodeText, nodeTone, roleOf, termText } from "./cluster_words.js";

const SPAN_MS = 3000;
const DELAY_MS = 500; // What is newer may not have arrived yet; the lane's right end is this long ago.
const FRAME_MS = 33;
const CLOCK_SLEW_MS = 0.5; // Per snapshot; how fast the page's idea of the cluster's clock may fall back.

export class Lanes {
  constructor(body) {
    this.rows = new Map([...body.querySelectorAll(".node")].map((row) => [Number(row.dataset.node), new Lane(row)]));
    this.offsetMs = null; // Page clock at the cluster's run time 0.
    this.isCalm = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.drawnMs = 0;
    requestAnimationFrame((nowMs) => this.scroll(nowMs));
  }

  draw(now) {
    const runMs = now.run_s * 1000;
    const offsetMs = performance.now() - now.age_ms - runMs;
    // The smallest offset is the truest: an answer can only be late.
    this.offsetMs = this.offsetMs === null || Math.abs(offsetMs - this.offsetMs) > 1000 ? offsetMs : Math.min(offsetMs, this.offsetMs + CLOCK_SLEW_MS);
    for (const node of now.nodes) this.rows.get(node.node)?.draw(node, runMs);
    if (this.isCalm.matches) this.move(performance.now());
  }

  scroll(nowMs) {
    requestAnimationFrame((nextMs) => this.scroll(nextMs));
    if (this.isCalm.matches || nowMs - this.drawnMs < FRAME_MS - 4) return;
    this.drawnMs = nowMs;
    this.move(nowMs);
  }

  move(nowMs) {
    if (this.offsetMs === null) return;
    const leftMs = nowMs - this.offsetMs - DELAY_MS - SPAN_MS;
    for (const lane of this.rows.values()) lane.move(leftMs);
  }
}

class Lane {
  constructor(row) {
    this.row = row;
    const cell = (selector) => row.querySelector(selector);
    this.cells = { role: cell(".role"), term: cell(".term"), age: cell(".beat-age"), applied: cell(".value b"), rated: cell(".value i"),
      mark: cell(".health .mark"), health: cell(".health span:last-child"), kill: cell(".kill") };
    this.bar = { fill: cell(".fill"), extra: cell(".extra"), plan: cell(".plan") };
    this.lane = cell(".lane");
    this.parts = { band: svg("path", { class: "band" }), beats: svg("path", { class: "beats" }), up: svg("path", { class: "up" }), down: svg("path", { class: "down" }), lead: svg("path", { class: "lead" }) };
    this.moving = svg("g", {}, ...Object.values(this.parts));
    this.lane.querySelector("svg").replaceChildren(this.moving);
    this.originMs = 0;
  }

  draw(node, runMs) {
    const { row, cells } = this;
    const role = roleOf(node);
    for (const [name, value] of Object.entries({ state: node.state, role, basis: node.basis })) if (row.dataset[name] !== value) row.dataset[name] = value;
    setText(cells.role, say(`cluster.role.${role}`));
    setText(cells.term, termText(node));
    setText(cells.age, beatAgeText(node.age_ms));
    setText(cells.applied, kilowatts(node.applied_kw));
    setText(cells.rated, `/ ${node.rated_kw.toFixed(0)} kW`);
    setTone(cells.mark, nodeTone(node));
    setText(cells.health, nodeText(node));
    const isDown = String(node.state === "down");
    if (cells.kill.getAttribute("aria-disabled") !== isDown) cells.kill.setAttribute("aria-disabled", isDown);
    this.drawShare(node);
    this.drawBeats(node, runMs);
  }

  // Up to the planned share the bar is plain; what a contingency adds to it is striped.
  drawShare({ applied_kw: appliedKw, planned_kw: plannedKw, rated_kw: ratedKw, basis }) {
    const percent = (value) => `${(Math.min(1, Math.max(0, value / ratedKw)) * 100).toFixed(1)}%`;
    const isContingency = basis !== "plan";
    const plainKw = isContingency ? Math.min(appliedKw, plannedKw ?? 0) : appliedKw;
    this.bar.fill.style.width = percent(plainKw);
    this.bar.extra.style.left = percent(plainKw);
    this.bar.extra.style.width = percent(appliedKw - plainKw);
    this.bar.plan.hidden = plannedKw === null;
    this.bar.plan.style.left = percent(plannedKw ?? 0);
  }

  drawBeats(node, runMs) {
    this.originMs = runMs;
    const perPixel = SPAN_MS / Math.max(100, this.lane.clientWidth);
    const x = (agoMs) => (-agoMs).toFixed(0);
    const isLeader = roleOf(node) === "leader";
    const [top, height] = isLeader ? [3, 18] : [8, 11];
    const of = (what, shape) => node.marks.filter((one) => one[1] === what).map(([agoMs]) => shape(x(agoMs), 5 * perPixel)).join("");
    const set = (part, path) => this.parts[part].setAttribute("d", path);
    set("beats", node.beats.map((agoMs) => `M${x(agoMs)} ${top}v${height}`).join(""));
    set("band", node.contingency.map(([from, to]) => `M${x(from)} 18H${x(Math.min(to, from - 4 * perPixel))}v6H${x(from)}z`).join(""));
    set("down", of("down", (at, w) => `M${at} 12m${-w} -7l${2 * w} 14m0 -14l${-2 * w} 14`));
    set("up", of("up", (at, w) => `M${at} 22v-6m${-w} 3l${w} -5l${w} 5`));
    set("lead", of("lead", (at, w) => `M${at} 24v-23l${2 * w} 4l${-2 * w} 4z`));
  }

  move(leftMs) {
    this.moving.setAttribute("transform", `translate(${(this.originMs - leftMs).toFixed(1)} 0)`);
  }
}
