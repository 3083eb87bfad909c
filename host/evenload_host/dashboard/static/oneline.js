// One-line diagram: grid, main fuse, sub-circuits, stations. Line width is current; alarms stand on the element.
import { say } from "./words.js";
import { buildingA, isTrusted, loadTone, svg } from "./marks.js";
import { stationTone } from "./stations.js";

const METER_TONES = { fresh: "good", recovering: "attention", implausible: "attention" };
const GAP = 5;
const CHIP_MIN = 26;
const CHIP_MAX = 44;
const COLUMNS_WANTED = 12;
const CHIPS_X = 126;

export class OneLine {
  constructor(body) {
    this.body = body;
    this.key = "";
    new ResizeObserver(() => this.snapshot && this.draw(this.snapshot)).observe(body);
  }

  // Rebuilt only when its shape changes; otherwise the parts that moved are adjusted.
  draw(snapshot) {
    this.snapshot = snapshot;
    const width = Math.max(280, this.body.clientWidth);
    const shape = [width, ...snapshot.circuits.map((circuit) => circuit.id), snapshot.stations.length].join();
    if (shape !== this.key) this.build(snapshot, width);
    this.key = shape;
    for (const adjust of this.adjusts) adjust(snapshot);
    this.body.firstChild.setAttribute("aria-label", say("diagram.label", { text: describe(snapshot) }));
  }

  build(snapshot, width) {
    this.adjusts = [];
    this.width = width;
    this.side = Math.max(CHIP_MIN, Math.min(CHIP_MAX, Math.floor((width - CHIPS_X) / COLUMNS_WANTED - GAP)));
    this.root = svg("svg", { role: "group" });
    const root = snapshot.circuits.findIndex((circuit) => circuit.parent === null);
    this.lines = svg("g");
    this.parts = svg("g");
    this.root.append(this.lines, this.parts);
    this.text(20, 18, say("diagram.grid"), "strong");
    this.part("path", { d: "M4 26 h16 M7 30 h10 M10 34 h4", class: "part" });
    const bottom = this.circuit(snapshot, root, { x: 12, y: 30, turn: false });
    this.root.setAttribute("viewBox", `0 0 ${width} ${bottom + 4}`);
    this.root.setAttribute("height", bottom + 4);
    this.body.replaceChildren(this.root);
  }

  // Draws a circuit's own line at `y` from the bus at `x`, then what hangs below it; returns the next free y.
  circuit(snapshot, index, { x, y, turn }) {
    const circuit = snapshot.circuits[index];
    const meterX = x + 30;
    const fuseX = meterX + 22;
    const lineY = turn ? y + 18 : y + 26;
    this.wire(turn ? `M${x} ${lineY} H${fuseX + 34}` : `M${x} ${y + 6} V${lineY} H${fuseX + 34}`, (now) => worst(now.circuits[index]).load);
    if (circuit.meter) this.meter(meterX, lineY, index);
    this.fuse(fuseX, lineY, index);
    const label = this.text(fuseX + 42, lineY - 3, circuit.id, "strong");
    const value = this.text(fuseX + 42, lineY + 12, "", "soft");
    this.adjusts.push((now) => {
      const { phase, load, limit } = worst(now.circuits[index]);
      value.textContent = `L${phase + 1} ${say("load.of", { load: load.toFixed(1), limit: limit.toFixed(0) })}`;
      label.textContent = circuit.id;
      strike(value, now.circuits[index]);
    });
    let next = lineY + 26;
    const own = snapshot.stations.flatMap((station, s) => (station.circuit === circuit.id ? [s] : []));
    if (own.length) next = this.chips(own, fuseX - 8, next - 4) + 8;
    const below = snapshot.circuits.flatMap((child, c) => (child.parent === circuit.id ? [c] : []));
    return this.branches(snapshot, { index, below, busX: fuseX + 16, from: lineY + 8, next });
  }

  // The bus below a fuse: the building first (only the root feeds one), then each sub-circuit.
  branches(snapshot, { index, below, busX, from, next }) {
    let y = next;
    const isRoot = snapshot.circuits[index].parent === null;
    if (!below.length && !isRoot) return y;
    if (isRoot) {
      const baseY = y + 12;
      this.wire(`M${busX} ${baseY} H${busX + 46}`, (now) => largestBuildingA(now.circuits[index]), "building");
      this.text(busX + 54, baseY + 4, say("diagram.building"), "strong");
      const value = this.text(busX + 54 + 64, baseY + 4, "", "soft");
      this.adjusts.push((now) => {
        value.textContent = `${largestBuildingA(now.circuits[index]).toFixed(1)} A`;
        strike(value, now.circuits[index]);
      });
      y = baseY + 16;
    }
    let last = y - 16;
    for (const child of below) {
      last = y + 18;
      y = this.circuit(snapshot, child, { x: busX, y, turn: true });
    }
    this.wire(`M${busX} ${from} V${last}`, () => null);
    return y;
  }

  chips(stations, x, y) {
    const pitch = this.side + GAP;
    const room = Math.max(4, Math.floor((this.width - x + GAP) / pitch));
    const columns = Math.ceil(stations.length / Math.ceil(stations.length / room)); // Rows of equal length.
    stations.forEach((s, place) => this.chip(s, x + (place % columns) * pitch, y + Math.floor(place / columns) * pitch));
    return y + Math.ceil(stations.length / columns) * pitch;
  }

  chip(s, x, y) {
    const side = this.side;
    const level = svg("rect", { class: "fill", x: x + 1, width: side - 2 });
    const title = svg("title");
    const { id } = this.snapshot.stations[s];
    const chip = svg("g", { class: "chip" }, title, svg("rect", { class: "case", x, y, width: side, height: side, rx: 4 }), level,
      svg("text", { x: x + side / 2, y: y + side / 2 + 4 }, id.match(/\d+$/)?.[0] ?? id));
    this.parts.append(svg("a", { href: `#station-${id}`, tabindex: "-1" }, chip));
    this.adjusts.push((now) => {
      const station = now.stations[s];
      const height = Math.min(1, station.grant_a / 32) * (side - 2);
      level.setAttribute("y", (y + side - 1 - height).toFixed(1));
      level.setAttribute("height", height.toFixed(1));
      chip.dataset.tone = stationTone(station);
      chip.dataset.plugged = station.ev ? "yes" : "no";
      title.textContent = `${station.id}: ${station.grant_a.toFixed(1)} A`;
    });
  }

  meter(x, y, index) {
    const circle = this.part("circle", { class: "part", cx: x, cy: y, r: 9 });
    const letter = this.text(x, y + 4, "M", "strong");
    letter.setAttribute("text-anchor", "middle");
    this.adjusts.push((now) => {
      const tone = METER_TONES[now.circuits[index].meter?.state] ?? "danger";
      circle.dataset.tone = tone;
      letter.textContent = tone === "good" ? "M" : "!";
    });
  }

  fuse(x, y, index) {
    const box = this.part("rect", { class: "part", x, y: y - 7, width: 30, height: 14, rx: 2 });
    this.part("path", { class: "wire", d: `M${x} ${y} h30`, "stroke-width": 1.5 });
    this.adjusts.push((now) => { const { load, limit } = worst(now.circuits[index]); box.dataset.tone = loadTone(load, limit); });
  }

  wire(path, currentA, kind = "") {
    this.lines.append(svg("path", { d: path, class: "wire", "stroke-width": 1.5 }));
    const flow = svg("path", { d: path, class: `flow ${kind}` });
    this.lines.append(flow);
    this.adjusts.push((now) => { const current = currentA(now); flow.setAttribute("stroke-width", current === null ? 0 : Math.min(9, current / 9).toFixed(1)); });
  }

  text(x, y, text, kind) {
    const element = svg("text", { x, y, class: kind }, text);
    this.parts.append(element);
    return element;
  }

  part(name, attributes) {
    const element = svg(name, attributes);
    this.parts.append(element);
    return element;
  }
}

function worst(circuit) {
  let phase = 0;
  for (const p of [1, 2]) if (circuit.load_a[p] * circuit.limit_a[phase] > circuit.load_a[phase] * circuit.limit_a[p]) phase = p;
  return { phase, load: circuit.load_a[phase], limit: circuit.limit_a[phase] };
}

// A number of a meter that is not trusted is struck, as in the bars.
function strike(text, circuit) {
  text.classList.toggle("struck", !isTrusted(circuit.meter));
}

const largestBuildingA = (circuit) => Math.max(...[0, 1, 2].map((phase) => buildingA(circuit, phase)));

function describe(snapshot) {
  return snapshot.circuits.map((circuit) => {
    const { phase, load, limit } = worst(circuit);
    return `${circuit.id} L${phase + 1} ${say("load.of", { load: load.toFixed(0), limit: limit.toFixed(0) })}`;
  }).join("; ");
}
