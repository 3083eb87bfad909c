// The failover times of the last kills: three dots per kill over one another, against detection and limit; and their table.
import { say } from "./words.js";
import { html, setText, svg } from "./marks.js";
import { LIMIT_MS, milliseconds, summaryText } from "./cluster_words.js";

const DETECT_MS = 150;
const TOP_MS = 340;
const EDGE = { left: 40, right: 14, top: 14, bottom: 20 };
const COLUMN = { min: 32, max: 64 };
const DOTS = { contingency: "M0 -5L5 4H-5Z", elected: "M0 -5L5 0L0 5L-5 0Z", applied: "M-4 -4H4V4H-4Z" };
const ASIDE = { contingency: -9, elected: 0, applied: 9 }; // Side by side: the three are often 15 ms apart.
const TIMES = ["contingency_ms", "elected_ms", "applied_ms", "applied_from_death_ms"];

export class Failovers {
  constructor(panel) {
    this.chart = panel.querySelector("#kills-chart");
    this.rows = panel.querySelector("tbody");
    this.summary = panel.querySelector("#kills-summary");
    this.empty = panel.querySelector("#kills-empty");
    for (const spot of panel.querySelectorAll("[data-dot]")) spot.append(dot(spot.dataset.dot, 0, 0));
    this.drawn = "";
    new ResizeObserver(() => this.now && this.render()).observe(this.chart);
  }

  draw(now) {
    const drawn = JSON.stringify(now.kills);
    this.now = now;
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    setText(this.summary, summaryText(now));
    this.rows.replaceChildren(...[...now.kills].reverse().map(row));
    this.empty.hidden = now.kills.length > 0;
    this.render();
  }

  render() {
    const width = Math.max(240, this.chart.clientWidth);
    const height = this.chart.clientHeight;
    const room = width - EDGE.left - EDGE.right;
    const kills = this.now.kills.slice(-Math.floor(room / COLUMN.min));
    const step = Math.min(COLUMN.max, room / Math.max(kills.length, 1));
    const x = (index) => EDGE.left + (index + 0.5) * step;
    const y = (ms) => height - EDGE.bottom - (Math.min(ms, TOP_MS) / TOP_MS) * (height - EDGE.top - EDGE.bottom);
    const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, ...frame(y, width));
    kills.forEach((kill, index) => root.append(column(kill, x(index), y)));
    this.chart.replaceChildren(root);
    this.chart.setAttribute("aria-label", label(kills));
  }
}

function frame(y, width) {
  const line = (ms, kind) => svg("line", { class: kind, x1: EDGE.left, x2: width - EDGE.right, y1: y(ms), y2: y(ms) });
  const parts = [0, 100, 200].flatMap((ms) => [line(ms, "grid"), svg("text", { class: "soft", x: EDGE.left - 6, y: y(ms) + 4, "text-anchor": "end" }, ms ? `${ms}` : "0 ms")]);
  const named = (ms, kind, below) => [line(ms, kind), svg("text", { class: `${kind}-text`, x: width - EDGE.right, y: y(ms) + below, "text-anchor": "end" }, say(`cluster.kills.${kind}`, { ms }))];
  return [...parts, ...named(DETECT_MS, "detect", 17), ...named(LIMIT_MS, "limit", -4)];
}

function column(kill, x, y) {
  const group = svg("g", { class: "kill-column", "data-kill": kill.id });
  const found = Object.keys(DOTS).filter((name) => kill[`${name}_ms`] !== null);
  const places = found.map((name) => [x + ASIDE[name], y(kill[`${name}_ms`])]);
  group.append(svg("polyline", { class: "stem", points: places.map((place) => place.join()).join(" ") }));
  found.forEach((name, index) => group.append(dot(name, ...places[index])));
  if (kill.applied_ms !== null) group.append(svg("text", { class: "number", x, y: y(kill.applied_ms) - 9, "text-anchor": "middle" }, milliseconds(kill.applied_ms)));
  group.append(svg("text", { class: "soft", x, y: y(0) + 15, "text-anchor": "middle" }, `${kill.id}`));
  return group;
}

const dot = (name, x, y) => svg("path", { class: `dot ${name}`, d: DOTS[name], transform: `translate(${x} ${y})` });

function row(kill) {
  const was = say(kill.was_leader ? "cluster.role.leader" : "cluster.role.follower");
  const cells = TIMES.map((time) => html("td", { class: "ms" }, milliseconds(kill[time])));
  return html("tr", { "data-kill": kill.id, "data-late": (kill.applied_ms ?? 0) > LIMIT_MS ? "yes" : "no" },
    html("th", { scope: "row" }, `${kill.id}`), html("td", {}, `${kill.node}`), html("td", {}, was), ...cells);
}

function label(kills) {
  const kill = kills.at(-1);
  const times = kill && { contingency: milliseconds(kill.contingency_ms), elected: milliseconds(kill.elected_ms), applied: milliseconds(kill.applied_ms) };
  const last = kill ? say("cluster.kills.chart.last", { id: kill.id, node: kill.node, ...times }) : "";
  return say("cluster.kills.chart", { count: kills.length, limit: LIMIT_MS, last }).trim();
}
