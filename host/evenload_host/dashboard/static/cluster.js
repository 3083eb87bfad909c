// The cluster's page: takes a snapshot four times a second and lets every panel draw its part of it.
import { Live } from "./live.js";
import { ageText, runClock, say } from "./words.js";
import { setText, setTone } from "./marks.js";
import { Lanes } from "./lanes.js";
import { Failovers } from "./failovers.js";
import { Events } from "./events.js";
import { listenToKeys } from "./keys.js";
import { send } from "./orders.js";
import { clusterEventText, factsView, kindText, stateView } from "./cluster_words.js";

const SOURCE = { path: "/cluster/snapshot.json", periodMs: 250 };
const PANELS = { n: "nodes", t: "kills", e: "events", o: "load-number", k: "kill-leader" };
const LIVE_TONES = { live: "good", late: "attention", offline: "danger" };
const SAID_MS = 4000;
const byId = (id) => document.getElementById(id);

const lanes = new Lanes(byId("nodes-body"));
const failovers = new Failovers(byId("kills"));
const events = new Events(byId("events"), byId("alarms"), clusterEventText);
let shapeOfCluster = "";
let now = null;
let lastGood = new Date();
let offlineSince = null;

function draw(snapshot) {
  const shape = [snapshot.kind, ...snapshot.nodes.map((node) => node.node)].join();
  if (shapeOfCluster && shape !== shapeOfCluster) { location.reload(); return; } // Another cluster answers now.
  shapeOfCluster = shape;
  now = snapshot;
  lastGood = new Date(Date.now() - snapshot.age_ms);
  setText(byId("run"), say("page.run", { clock: runClock(snapshot.run_s) }));
  setText(document.querySelector(".facts span:last-child"), kindText(snapshot));
  byId("fallback").hidden = !snapshot.reason;
  setText(byId("fallback-reason"), snapshot.reason);
  drawState(stateView(snapshot));
  factsView(snapshot).forEach(drawFact);
  drawLoad(snapshot);
  lanes.draw(snapshot);
  failovers.draw(snapshot);
  events.draw(snapshot.events);
}

function drawState({ row, tone, word, text }) {
  const panel = byId("state");
  panel.dataset.tone = tone;
  panel.dataset.row = row;
  setTone(panel.querySelector(".mark"), tone);
  setText(byId("state-word"), word);
  setText(byId("state-text"), text);
}

function drawFact({ name, value, unit, tone }) {
  const place = byId("facts-body").querySelector(`[data-fact=${name}]`);
  if (place.dataset.tone !== tone) place.dataset.tone = tone;
  setText(place.querySelector("b"), value);
  setText(place.querySelector("i"), unit);
}

// The field follows the cluster until someone edits it, and again once it was sent.
let isEdited = false;

function drawLoad(snapshot) {
  if (isEdited || !snapshot.leader) return;
  byId("load-number").value = snapshot.demand_kw;
  byId("load-range").value = snapshot.demand_kw;
}

byId("load").addEventListener("input", (event) => {
  isEdited = true;
  const other = event.target.id === "load-range" ? byId("load-number") : byId("load-range");
  other.value = event.target.value;
});
byId("load-range").addEventListener("change", () => byId("load").requestSubmit());
byId("load").addEventListener("submit", (event) => {
  event.preventDefault();
  const said = say(now.leader ? "cluster.load.sent" : "cluster.kill.no_leader");
  order("/cluster/load", { load_kw: byId("load-number").valueAsNumber }, byId("load-said"), said);
});

byId("nodes").addEventListener("click", (event) => {
  const button = event.target.closest("[data-kill]");
  if (button && button.getAttribute("aria-disabled") !== "true") kill(Number(button.dataset.kill));
});
byId("kill-leader").addEventListener("click", () => {
  if (now.leader) kill(now.leader);
  else tell(byId("kill-said"), say("cluster.kill.no_leader"));
});

function kill(node) {
  order("/cluster/kill", { node }, byId("kill-said"), say("cluster.kill.sent", { node }));
}

// What became of an order is said where it was given.
async function order(path, body, place, done) {
  try {
    const reason = await send(path, body);
    tell(place, reason === null ? done : say("cluster.kill.failed", { reason }));
    if (reason === null && path === "/cluster/load") setTimeout(() => { isEdited = false; }, 1000);
  } catch {
    tell(place, say("cluster.kill.failed", { reason: say("cluster.unreachable") }));
  }
  live.poll();
}

function tell(place, text) {
  setText(place, text);
  clearTimeout(place.timer);
  place.timer = setTimeout(() => setText(place, ""), SAID_MS);
}

function tellAge(state, ageMs, answers) {
  if (document.body.dataset.live !== state) document.body.dataset.live = state;
  setText(byId("live-word"), say(`live.${state}`));
  setText(byId("live-age"), say("live.age", { age: ageText(ageMs) }));
  setTone(byId("live").querySelector(".mark"), LIVE_TONES[state]);
  byId("offline").hidden = state !== "offline";
  if (state !== "offline") { offlineSince = null; return; }
  offlineSince ??= lastGood;
  const clock = offlineSince.toLocaleTimeString(document.documentElement.lang, { timeZoneName: "short" });
  setText(byId("offline-title"), say(answers ? "cluster.offline.stuck" : "cluster.offline.title", { clock }));
}

listenToKeys(byId("help"), byId("load-number"), PANELS);
const live = new Live(JSON.parse(byId("initial").textContent), SOURCE, draw, tellAge);
window.addEventListener("pageshow", (event) => event.persisted && live.poll());
