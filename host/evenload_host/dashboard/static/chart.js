// The main's current per phase over the last 300 s against its fuse. Three lines told apart by dash as well as colour.
import { amperes, say } from "./words.js";
import { svg } from "./marks.js";

const SPAN = 300;
const EDGE = { left: 36, right: 12, top: 14, bottom: 20 };
const CLASSES = ["l1", "l2", "l3"];

export class Chart {
  constructor(body, values) {
    this.body = body;
    this.values = values;
    this.cursor = null; // Seconds ago that are being read; null is now.
    new ResizeObserver(() => this.history && this.render()).observe(body);
    body.addEventListener("pointermove", (event) => this.point(event));
    body.addEventListener("pointerleave", () => this.read(null));
    body.addEventListener("keydown", (event) => this.key(event));
    body.addEventListener("blur", () => this.read(null));
  }

  draw(history, limitA) {
    this.history = history;
    this.limitA = Math.min(...limitA);
    this.render();
  }

  render() {
    const { width, height } = this.size();
    const curves = this.history.main_a;
    const topA = Math.ceil((Math.max(this.limitA * 1.15, ...curves.flat()) + 4) / 20) * 20;
    const x = (ago) => width - EDGE.right - (ago / SPAN) * (width - EDGE.left - EDGE.right);
    const y = (current) => height - EDGE.bottom - (current / topA) * (height - EDGE.top - EDGE.bottom);
    const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, ...this.frame({ x, y, topA, width }));
    curves.forEach((points, phase) => root.append(svg("path", { class: `curve ${CLASSES[phase]}`, d: trace(points, x, y) })));
    if (!curves[0].length) root.append(svg("text", { x: width / 2, y: height / 2, "text-anchor": "middle", class: "soft" }, say("chart.empty")));
    if (this.cursor !== null) root.append(svg("line", { class: "cursor", x1: x(this.cursor), x2: x(this.cursor), y1: EDGE.top, y2: height - EDGE.bottom }));
    this.body.replaceChildren(root);
    this.tell();
  }

  frame({ x, y, topA, width }) {
    const parts = [];
    for (let level = 0; level <= topA; level += topA > 100 ? 40 : 20) {
      parts.push(svg("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(level), y2: y(level) }));
      parts.push(svg("text", { class: "soft", x: EDGE.left - 6, y: y(level) + 4, "text-anchor": "end" }, `${level}`));
    }
    for (const minutes of width < 460 ? [5, 3, 1, 0] : [5, 4, 3, 2, 1, 0]) {
      const text = minutes ? say("chart.ago", { minutes }) : say("chart.now");
      parts.push(svg("text", { class: "soft", x: x(minutes * 60), y: y(0) + 16, "text-anchor": minutes === 5 ? "start" : minutes ? "middle" : "end" }, text));
    }
    parts.push(svg("line", { class: "fuse", x1: EDGE.left, x2: width - EDGE.right, y1: y(this.limitA), y2: y(this.limitA) }));
    parts.push(svg("text", { class: "fuse-text", x: EDGE.left + 6, y: y(this.limitA) - 5 }, `${say("load.fuse")} ${this.limitA.toFixed(0)} A`));
    return parts;
  }

  // The legend shows the values under the cursor, or the newest.
  tell() {
    const ago = this.cursor ?? 0;
    const found = this.history.main_a.map((points) => points[points.length - 1 - ago]);
    const when = ago ? say("chart.ago", { minutes: (ago / 60).toFixed(1) }) : say("chart.now");
    if (!this.values.firstChild) this.buildLegend();
    found.forEach((value, phase) => { this.cells[phase].textContent = value == null ? "–" : amperes(value); });
    this.when.textContent = when;
    const values = found.map((value, phase) => `L${phase + 1} ${value == null ? "–" : amperes(value)} A`).join(", ");
    this.body.setAttribute("aria-label", say("chart.label", { limit: this.limitA.toFixed(0), values }));
  }

  buildLegend() {
    this.cells = CLASSES.map(() => document.createElement("b"));
    this.when = document.createElement("span");
    this.values.append(this.when);
    CLASSES.forEach((kind, phase) => {
      const item = document.createElement("span");
      item.append(svg("svg", { viewBox: "0 0 22 8", "aria-hidden": "true" }, svg("line", { class: kind, x1: 0, x2: 22, y1: 4, y2: 4 })), `L${phase + 1} `, this.cells[phase], " A");
      this.values.append(item);
    });
  }

  size() {
    return { width: Math.max(260, this.body.clientWidth), height: this.body.clientHeight };
  }

  point(event) {
    const box = this.body.getBoundingClientRect();
    const share = (box.right - EDGE.right - event.clientX) / (box.width - EDGE.left - EDGE.right);
    this.read(Math.round(Math.min(1, Math.max(0, share)) * (SPAN - 1)));
  }

  key(event) {
    const steps = { ArrowLeft: 5, ArrowRight: -5, Home: SPAN, End: -SPAN };
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.read(Math.min(SPAN - 1, Math.max(0, (this.cursor ?? 0) + steps[event.key])));
  }

  read(ago) {
    this.cursor = ago;
    if (this.history) this.render();
  }
}

// A gap (null) stays a gap: the pen is lifted.
function trace(points, x, y) {
  let path = "";
  let isDown = false;
  points.forEach((value, index) => {
    if (value === null) { isDown = false; return; }
    path += `${isDown ? "L" : "M"}${x(points.length - 1 - index).toFixed(1)} ${y(value).toFixed(1)}`;
    isDown = true;
  });
  return path;
}
