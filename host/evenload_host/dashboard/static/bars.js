// Load per phase: building and vehicles stacked against the fuse, and what is left of the thermal reserve.
import { ageText, amperes, say } from "./words.js";
import { buildingA, isTrusted, loadTone, setText, svg } from "./marks.js";

const WIDTH = 1000;
const ROOM = 1.15; // The bar ends beyond the fuse, so that an overload has somewhere to be seen.

export function drawBars(body, circuits) {
  for (const circuit of circuits) {
    const feeder = body.querySelector(`[data-circuit="${CSS.escape(circuit.id)}"]`);
    if (!feeder) continue;
    drawTrust(feeder, circuit.meter);
    feeder.querySelectorAll(".phase").forEach((row, phase) => drawPhase(row, circuit, phase));
  }
}

// A load whose meter is not fresh is the last one known: struck, and it says since when.
function drawTrust(feeder, meter) {
  const isStale = !isTrusted(meter);
  feeder.dataset.stale = isStale ? "yes" : "no";
  const text = isStale ? `${say(`meter.${meter.state}`)}, ${say("meter.age", { age: ageText(meter.age_ms) })}` : "";
  setText(feeder.querySelector("h3 span"), text);
}

function drawPhase(row, circuit, phase) {
  const loadA = circuit.load_a[phase];
  const limitA = circuit.limit_a[phase];
  const tone = loadTone(loadA, limitA);
  if (row.dataset.tone !== tone) row.dataset.tone = tone;
  setText(row.querySelector(".value b"), amperes(loadA));
  setText(row.querySelector(".value i"), `/ ${limitA.toFixed(0)} A`);
  const left = circuit.heat_percent ? Math.max(0, 100 - circuit.heat_percent[phase]) : null;
  setText(row.querySelector(".reserve"), left === null ? "–" : `${left.toFixed(0)} %`);
  const bar = row.querySelector(".bar");
  const parts = bar.parts ?? (bar.parts = buildBar(bar));
  const x = (current) => (Math.min(Math.max(current, 0), limitA * ROOM) / (limitA * ROOM)) * WIDTH;
  const buildingEndA = buildingA(circuit, phase);
  span(parts.building, 0, x(buildingEndA));
  span(parts.ev, x(buildingEndA), x(isTrusted(circuit.meter) ? loadA : buildingEndA + circuit.ev_a[phase]));
  span(parts.over, x(Math.min(loadA, limitA)), x(loadA));
  at(parts.planned, x(circuit.planned_a[phase]));
  at(parts.fuse, x(limitA));
  const capA = circuit.cap_a?.[phase] ?? null;
  parts.cap.style.display = capA === null ? "none" : "";
  if (capA !== null) at(parts.cap, x(capA));
  span(parts.heat, 0, (x(limitA) * (left ?? 0)) / 100);
  span(parts.heatTrack, 0, left === null ? 0 : x(limitA));
  parts.heat.dataset.tone = left < 20 ? "danger" : left < 50 ? "attention" : "good";
}

function buildBar(bar) {
  bar.setAttribute("viewBox", `0 0 ${WIDTH} 24`);
  bar.setAttribute("preserveAspectRatio", "none");
  const box = (name) => svg("rect", { class: name, y: 1, height: 15 });
  const line = (name) => svg("line", { class: name, y1: -1, y2: 18 });
  const parts = {
    building: box("building"), ev: box("ev"), over: box("over"), planned: line("planned"), fuse: line("fuse"), cap: line("cap"),
    heatTrack: svg("rect", { class: "heat-track", y: 20, height: 3 }), heat: svg("rect", { class: "heat", y: 20, height: 3 }),
  };
  bar.replaceChildren(svg("rect", { class: "track", x: 0, y: 1, width: WIDTH, height: 15 }), ...Object.values(parts));
  return parts;
}

function span(box, from, to) {
  box.setAttribute("x", from.toFixed(1));
  box.setAttribute("width", Math.max(0, to - from).toFixed(1));
}

function at(line, x) {
  line.setAttribute("x1", x.toFixed(1));
  line.setAttribute("x2", x.toFixed(1));
}
