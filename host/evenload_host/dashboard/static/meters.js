// Meter health: state in a word, age, link, and the counters of everything dropped.
import { ageText, has, say } from "./words.js";
import { html, setText, setTone } from "./marks.js";

const TONES = { fresh: "good", recovering: "attention", implausible: "attention" };
const BAD = ["dropped_bytes", "bad_checksum", "implausible", "timeout", "port_error", "failed"];

export function drawMeters(body, circuits) {
  for (const circuit of circuits) {
    if (circuit.meter) drawMeter(body.querySelector(`[data-circuit="${CSS.escape(circuit.id)}"]`), circuit.meter);
  }
}

function drawMeter(card, meter) {
  const line = card.querySelector(".meter-state");
  const tone = TONES[meter.state] ?? "danger";
  line.dataset.tone = tone;
  setTone(line.querySelector(".mark"), tone);
  setText(line.querySelector("b"), say(`meter.${meter.state}`));
  const link = say(meter.connected ? "meter.connected" : "meter.disconnected");
  setText(line.querySelector("span:last-child"), `${say("meter.age", { age: ageText(meter.age_ms) })} · ${link}`);
  const list = card.querySelector(".counters");
  const seen = card.counters ?? new Map();
  Object.entries(meter.counters).forEach(([name, value], place) => {
    const pair = list.children[place] ?? list.appendChild(html("div", {}, html("dt"), html("dd")));
    setText(pair.firstElementChild, has(`counter.${name}`) ? say(`counter.${name}`) : name.replaceAll("_", " "));
    setText(pair.lastElementChild, value);
    pair.classList.toggle("moved", BAD.includes(name) && value > (seen.get(name) ?? value));
    seen.set(name, value);
  });
  card.counters = seen;
}
