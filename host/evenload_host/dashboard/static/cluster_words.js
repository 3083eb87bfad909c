// Sentences about a cluster's snapshot, as cluster_view.py says them for the first paint.
import { say } from "./words.js";

export const LIMIT_MS = 300;
const STATE_TONES = { covered: "good", starting: "unknown", unmet: "danger", no_quorum: "danger", ended: "danger" };
const DANGER_ALARMS = ["unmet", "clash", "emergency", "term_end"];

export function stateView(now) {
  const row = stateWord(now);
  const { alive, voters, quorum } = now;
  const powers = { unmet: kilowatts(now.unmet_kw), short: kilowatts(now.short_kw) };
  const text = say(`cluster.state.${row}.text`, { ...powers, alive, voters, quorum });
  return { row, tone: STATE_TONES[row] ?? "attention", word: say(`cluster.state.${row}`), text };
}

function stateWord(now) {
  if (now.phase !== "running") return now.phase;
  if (now.unmet_kw > 0) return "unmet";
  if (!now.leader) return now.alive < now.quorum ? "no_quorum" : "electing";
  if (now.short_kw > 0) return "moving";
  return now.n1 === "lost" ? "n1_lost" : "covered";
}

export function factsView(now) {
  const fact = (name, value, unit, tone = "idle") => ({ name, value, unit, tone });
  return [
    fact("leader", now.leader ? say("cluster.node", { node: now.leader }) : say("cluster.fact.none"), "", now.leader ? "idle" : "attention"),
    fact("term", `${now.term}`, `· ${now.plan}`),
    fact("demand", kilowatts(now.demand_kw), "kW"),
    fact("carried", kilowatts(now.carried_kw), `/ ${now.rated_kw.toFixed(0)} kW`),
    fact("unmet", kilowatts(now.unmet_kw), "kW", now.unmet_kw > 0 ? "danger" : "idle"),
    fact("n1", say(`cluster.n1.${now.n1}`), "", now.n1 === "lost" ? "attention" : "idle"),
    fact("quorum", say("cluster.of", { part: now.alive, whole: now.voters }), say("cluster.fact.quorum.need", { quorum: now.quorum }), now.alive >= now.quorum ? "idle" : "danger"),
    fact("bus", now.bus.load_percent.toFixed(1), "%"),
    fact("frames", now.bus.frames_per_s.toFixed(0), "/s"),
  ];
}

export function kindText(now) {
  const text = say(`cluster.kind.${now.kind}`, { count: now.voters });
  return now.kind === "processes" ? `${text} · ${say(now.rt ? "cluster.rt.yes" : "cluster.rt.no")}` : text;
}

// A node that does not live has no role.
export const roleOf = (node) => ({ down: "down", starting: "boot" })[node.state] ?? node.role;

export const termText = (node) => (node.state === "up" ? say("cluster.node.term", { term: node.term, plan: node.plan }) : "–");

export function nodeTone(node) {
  if (node.state === "down" || node.alarms.some((alarm) => DANGER_ALARMS.includes(alarm))) return "danger";
  if (node.state === "starting") return "unknown";
  return node.basis === "plan" && node.health === "full" && !node.alarms.length ? "good" : "attention";
}

export function nodeText(node) {
  if (node.state === "down") return say("cluster.word.restart", { seconds: node.restart_s.toFixed(0) });
  if (node.state === "starting") return say("cluster.word.starting");
  const words = node.alarms.map((alarm) => say(`cluster.alarm.${alarm}`));
  if (node.health !== "full") words.unshift(say(`cluster.health.${node.health}`));
  if (node.basis !== "plan" || !words.length) words.unshift(say(`cluster.basis.${node.basis}`));
  return words.join(", ");
}

export function summaryText(now) {
  const applied = now.kills.map((kill) => kill.applied_ms).filter((value) => value !== null).sort((a, b) => a - b);
  if (!applied.length) return "";
  const half = applied.length / 2;
  const middle = (applied[Math.ceil(half) - 1] + applied[Math.floor(half)]) / 2;
  return say("cluster.kills.summary", { count: now.kill_count, median: milliseconds(middle), longest: milliseconds(applied.at(-1)) });
}

export function clusterEventText(event) {
  const values = { ...event.values };
  if ("alarm" in values) values.alarm = say(`cluster.alarm.${values.alarm}`);
  return say(`cluster.event.${event.code}`, values);
}

export function beatAgeText(ageMs) {
  if (ageMs === null) return "–";
  return ageMs < 1000 ? `${ageMs.toFixed(0)} ms` : `${(ageMs / 1000).toFixed(1)} s`;
}

export const kilowatts = (value) => value.toFixed(1);
export const milliseconds = (value) => (value === null ? "–" : value.toFixed(0));
