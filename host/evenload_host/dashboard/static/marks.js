// Small hands: set a text or attribute only where it changed, and build SVG and HTML elements without innerHTML.
import { SHAPES } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

export function setText(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

export function setTone(element, tone) {
  if (element.dataset.tone !== tone) element.dataset.tone = tone;
  if (element.classList.contains("mark")) setText(element, SHAPES[tone]);
}

export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

export function html(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function mark(tone) {
  return html("span", { class: "mark", "data-tone": tone, "aria-hidden": "true" }, SHAPES[tone]);
}

export function loadTone(loadA, limitA) {
  if (loadA > limitA) return "danger";
  return loadA * 100 > limitA * 95 ? "attention" : "good";
}

export const isTrusted = (meter) => meter === null || ["fresh", "recovering"].includes(meter.state);

// What is no vehicle: measured, or what the allocator goes on counting while the meter is not trusted.
export function buildingA(circuit, phase) {
  if (!isTrusted(circuit.meter)) return circuit.base_a[phase];
  return Math.max(0, circuit.load_a[phase] - circuit.ev_a[phase]);
}
