// The event feed: newest first, only what is new is added, and a gap after an outage is said.
import { eventText, runClock, say } from "./words.js";
import { readAddress, writeAddress } from "./address.js";
import { html, mark } from "./marks.js";

const TONES = { info: "idle", warn: "attention", alarm: "danger" };
const KEPT_MAX = 300;

export class Events {
  constructor(panel, alarms, textOf = eventText) {
    this.panel = panel;
    this.textOf = textOf;
    this.list = panel.querySelector("ol");
    this.alarms = alarms;
    this.last = Number(this.list.firstElementChild?.dataset.id ?? 0);
    for (const button of panel.querySelectorAll("[data-events]")) button.addEventListener("click", () => this.choose(button.dataset.events));
    this.choose(readAddress("events", "all"));
  }

  choose(kind) {
    this.panel.dataset.kind = kind;
    writeAddress("events", kind, "all");
    for (const button of this.panel.querySelectorAll("[data-events]")) button.setAttribute("aria-pressed", button.dataset.events === kind);
    this.tellEmpty();
  }

  // Returns how many events were new. A feed that starts again (the site was restarted) replaces the old one.
  draw(events) {
    const newest = events.at(-1)?.id ?? 0;
    if (newest < this.last) { this.list.replaceChildren(); this.last = 0; }
    const fresh = events.filter((event) => event.id > this.last);
    if (!fresh.length) return 0;
    const missed = this.last ? fresh[0].id - this.last - 1 : 0;
    if (missed > 0) this.list.prepend(html("li", { class: "gap" }, say("events.missed", { count: missed })));
    for (const event of fresh) this.list.prepend(line(event, this.textOf(event)));
    this.last = newest;
    while (this.list.children.length > KEPT_MAX) this.list.lastElementChild.remove();
    const alarms = fresh.filter((event) => event.severity === "alarm").map(this.textOf);
    if (alarms.length) this.alarms.textContent = alarms.join(" ");
    this.tellEmpty();
    return fresh.length;
  }

  tellEmpty() {
    const wanted = { all: "li", warn: "li:not([data-severity=info])", alarm: "li[data-severity=alarm]" }[this.panel.dataset.kind];
    document.getElementById("events-empty").hidden = this.list.querySelector(wanted) !== null;
  }
}

function line(event, text) {
  return html("li", { "data-id": event.id, "data-severity": event.severity }, mark(TONES[event.severity] ?? "unknown"),
    html("span", { class: "hidden" }, say(`severity.${event.severity}`)), html("time", {}, runClock(event.sim_s)), html("span", {}, text));
}
