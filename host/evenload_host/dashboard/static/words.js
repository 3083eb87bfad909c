// Sentences about a snapshot, as words.py says them for the first paint.
const words = JSON.parse(document.getElementById("words").textContent);
export const SHAPES = { good: "●", attention: "▲", danger: "■", idle: "○", unknown: "◌" };

export function say(key, values = {}) {
  let text = words[key] ?? key;
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(`{${name}}`, value);
  return text;
}

export const has = (key) => key in words;

export function reasonText(station) {
  const circuit = station.limiting_circuit ?? say("reason.any");
  const text = say(`reason.${station.reason}`, { circuit, phase: station.limiting_phase ?? "" });
  return text.replace(/[, ]+$/, "").replaceAll(",  ", " ").replaceAll(", :", ":");
}

export function eventText(event) {
  const key = `event.${event.code}`;
  if (!has(key) || event.value === undefined) return event.text;
  const name = `fault.${event.value}`;
  return say(key, { subject: event.subject, value: has(name) ? say(name) : vehicleText(event.value) });
}

// A vehicle's type by its name, translated where it is one of the simulated site's.
export function vehicleText(name) {
  const key = `vehicle.${name}`;
  return has(key) ? say(key) : name;
}

export function ageText(ageMs) {
  if (ageMs === null) return say("age.never");
  if (ageMs >= 120000) return say("age.min", { value: (ageMs / 60000).toFixed(0) });
  return say("age.ms", { value: (ageMs / 1000).toFixed(ageMs < 10000 ? 1 : 0) });
}

export function runClock(simS) {
  const seconds = Math.floor(simS);
  const two = (number) => String(number).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

export const amperes = (value) => value.toFixed(1);
