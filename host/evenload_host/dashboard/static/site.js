// The site page: takes a snapshot each second and lets every panel draw its part of it.
import { Live } from "./live.js";
import { ageText, runClock, say } from "./words.js";
import { setText, setTone } from "./marks.js";
import { drawBars } from "./bars.js";
import { OneLine } from "./oneline.js";
import { Chart } from "./chart.js";
import { Stations } from "./stations.js";
import { drawMeters } from "./meters.js";
import { Events } from "./events.js";
import { Faults } from "./faults.js";
import { listenToKeys } from "./keys.js";
import { watchCluster } from "./card.js";

const SAFETY_TONES = { normal: "good", recovered: "attention", implausible: "attention" };
const SOURCE = { path: "/site/snapshot.json", periodMs: 1000 };
const PANELS = { l: "load", d: "diagram", c: "chart", s: "stations", f: "faults", e: "events", m: "meters" };
const LIVE_TONES = { live: "good", late: "attention", offline: "danger" };
const LAG_SHOWN_MS = 1000;
const BACK_SHOWN_MS = 6000;
const byId = (id) => document.getElementById(id);

const oneLine = new OneLine(byId("diagram-body"));
const chart = new Chart(byId("chart-body"), byId("chart-values"));
const stations = new Stations(byId("stations"));
const events = new Events(byId("events"), byId("alarms"));
let wasOffline = false;
let backUntilMs = 0;
let offlineSince = null;
let lastGood = new Date();
let shapeOfSite = "";

function draw(snapshot) {
  const shape = [snapshot.site, ...snapshot.circuits.map((circuit) => circuit.id), ...snapshot.stations.map((station) => station.id)].join();
  if (shapeOfSite && shape !== shapeOfSite) { location.reload(); return; } // Another site answers now.
  shapeOfSite = shape;
  lastGood = new Date(Date.now() - snapshot.age_ms);
  setText(byId("run"), say("page.run", { clock: runClock(snapshot.sim_s) }));
  drawSafety(snapshot.safety);
  drawBars(byId("load-body"), snapshot.circuits);
  oneLine.draw(snapshot);
  chart.draw(snapshot.history, snapshot.circuits.find((circuit) => circuit.parent === null).limit_a);
  stations.draw(snapshot.stations);
  drawMeters(byId("meters-body"), snapshot.circuits);
  const caughtUp = events.draw(snapshot.events);
  faults.draw(snapshot.faults);
  drawLag(snapshot);
  if (wasOffline && snapshot.age_ms < 1000) tellBack(caughtUp);
}

function drawSafety({ row, text }) {
  const panel = byId("safety");
  const tone = SAFETY_TONES[row] ?? "danger";
  panel.dataset.tone = tone;
  panel.dataset.row = row;
  setTone(panel.querySelector(".mark"), tone);
  setText(byId("safety-word"), say(`safety.${row}`));
  setText(byId("safety-text"), say(`safety.${row}.text`));
  setText(byId("safety-where"), row !== "normal" && text.includes(": ") ? text.split(": ")[0] : "");
}

function drawLag({ lag_ms: lagMs = 0, speed }) {
  if (performance.now() < backUntilMs) return;
  byId("lag").hidden = lagMs < LAG_SHOWN_MS;
  if (lagMs >= LAG_SHOWN_MS) setText(byId("lag"), say("live.lag", { lag: ageText(lagMs), speed }));
}

function tellAge(state, ageMs, answers) {
  document.body.dataset.live = state;
  setText(byId("live-word"), say(`live.${state}`));
  setText(byId("live-age"), say("live.age", { age: ageText(ageMs) }));
  setTone(byId("live").querySelector(".mark"), LIVE_TONES[state]);
  byId("offline").hidden = state !== "offline";
  if (state !== "offline") return;
  offlineSince ??= lastGood;
  wasOffline = true;
  const clock = offlineSince.toLocaleTimeString(document.documentElement.lang, { timeZoneName: "short" });
  setText(byId("offline-title"), say(answers ? "live.offline.stuck" : "live.offline.title", { clock }));
}

function tellBack(count) {
  wasOffline = false;
  offlineSince = null;
  backUntilMs = performance.now() + BACK_SHOWN_MS;
  const notice = byId("lag");
  notice.hidden = false;
  setText(notice, say("live.back", { count }));
}

const faults = new Faults(byId("faults"), () => live.poll());
listenToKeys(byId("help"), byId("search"), PANELS);
if (byId("cluster-card")) watchCluster(byId("cluster-card"));
const live = new Live(JSON.parse(byId("initial").textContent), SOURCE, draw, tellAge);
window.addEventListener("pageshow", (event) => event.persisted && live.poll());
