// The table of stations: values in place, sort, search and filter kept in the address.
import { amperes, reasonText, say, vehicleText } from "./words.js";
import { readAddress, writeAddress } from "./address.js";
import { setText, setTone, svg } from "./marks.js";

const DANGER = ["noncompliant", "faulted", "guard", "breaker", "meter_invalid"];
const ATTENTION = ["silent", "meter_stale", "meter_hold"];

export function stationTone(station) {
  if (DANGER.includes(station.reason) || station.state === "faulted") return "danger";
  if (ATTENTION.includes(station.reason)) return "attention";
  if (station.state === "unreported") return "unknown";
  return station.state === "charging" && station.grant_a > 0 ? "good" : "idle";
}

const SORT_KEYS = {
  id: (station) => station.id, vehicle: (station) => station.ev ?? "", state: (station) => station.state,
  grant: (station) => -station.grant_a, measured: (station) => -Math.max(...station.measured_a),
  energy: (station) => -station.energy_kwh, reason: (station) => station.reason,
};

export class Stations {
  constructor(panel) {
    this.panel = panel;
    this.body = panel.querySelector("tbody");
    this.rows = new Map([...this.body.rows].map((row) => [row.dataset.station, row]));
    this.sort = readAddress("sort", "id");
    this.show = readAddress("show", "all");
    this.search = document.getElementById("search");
    this.search.value = readAddress("q", "");
    this.search.addEventListener("input", () => { writeAddress("q", this.search.value, ""); this.arrange(); });
    this.search.addEventListener("keydown", (event) => { if (event.key === "Escape") { this.search.value = ""; this.search.dispatchEvent(new Event("input")); this.search.blur(); } });
    for (const button of panel.querySelectorAll("[data-show]")) button.addEventListener("click", () => this.choose("show", button.dataset.show, "all"));
    for (const button of panel.querySelectorAll("[data-sort]")) button.addEventListener("click", () => this.resort(button.dataset.sort));
  }

  draw(stations) {
    this.stations = stations;
    for (const station of stations) {
      const row = this.rows.get(station.id);
      if (row) drawRow(row, station);
    }
    setText(document.getElementById("stations-summary"), summaryText(stations));
    this.arrange();
  }

  choose(name, value, fallback) {
    this[name] = value;
    writeAddress(name, value, fallback);
    this.arrange();
  }

  resort(column) {
    const isSame = this.sort === column;
    this.choose("sort", isSame ? `-${column}` : this.sort === `-${column}` ? "id" : column, "id");
  }

  arrange() {
    const column = this.sort.replace(/^-/, "");
    const key = SORT_KEYS[column] ?? SORT_KEYS.id;
    const sign = this.sort.startsWith("-") ? -1 : 1;
    const order = [...this.stations].sort((a, b) => (key(a) < key(b) ? -sign : key(a) > key(b) ? sign : a.id < b.id ? -1 : 1));
    let shown = 0;
    order.forEach((station, place) => {
      const row = this.rows.get(station.id);
      const isShown = this.fits(station, row);
      row.hidden = !isShown;
      shown += isShown;
      if (this.body.rows[place] !== row) this.body.insertBefore(row, this.body.rows[place]);
    });
    document.getElementById("stations-empty").hidden = shown > 0;
    for (const button of this.panel.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", button.dataset.show === this.show);
    this.markHeads(column);
  }

  // Largest first is the natural order of numbers, so the arrow follows what is seen.
  markHeads(column) {
    const isNumber = ["grant", "measured", "energy"].includes(column);
    const isDown = this.sort.startsWith("-") !== isNumber;
    for (const button of this.panel.querySelectorAll("[data-sort]")) {
      const head = button.parentElement;
      if (button.dataset.sort === column) head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  fits(station, row) {
    if (this.show === "busy" && !station.ev) return false;
    if (this.show === "attention" && !["attention", "danger"].includes(row.dataset.tone)) return false;
    return row.textContent.toLowerCase().includes(this.search.value.trim().toLowerCase());
  }
}

function drawRow(row, station) {
  const tone = stationTone(station);
  if (row.dataset.tone !== tone) row.dataset.tone = tone;
  row.dataset.plugged = station.ev ? "yes" : "no";
  const cell = (selector) => row.querySelector(selector);
  const vehicle = station.ev === null ? "" : vehicleText(station.ev);
  setText(cell(".vehicle"), vehicle || say("station.none"));
  if (cell(".vehicle").title !== vehicle) cell(".vehicle").title = vehicle;
  setTone(cell(".state .mark"), tone);
  setText(cell(".state span:last-child"), say(`state.${station.state}`));
  setText(cell(".grant b"), amperes(station.grant_a));
  row.querySelectorAll(".measured span").forEach((element, phase) => setText(element, amperes(station.measured_a[phase])));
  setText(cell(".energy b"), station.ev ? station.energy_kwh.toFixed(1) : "–");
  setText(cell(".energy i"), `/ ${station.ev ? station.requested_kwh.toFixed(0) : "–"}`);
  setText(cell(".reason span"), reasonText(station));
  setText(cell(".reason i"), station.queue_position === null ? "" : say("station.queue", { position: station.queue_position }));
  drawMeterbar(cell(".meterbar"), station);
}

// The bar is the grant, the tick what is really drawn.
function drawMeterbar(bar, station) {
  if (!bar.firstChild) {
    bar.setAttribute("viewBox", "0 0 36 8");
    bar.append(svg("rect", { class: "track", width: 36, height: 8, rx: 2 }), svg("rect", { class: "ev", height: 8, rx: 2 }), svg("line", { class: "tick", y1: 0, y2: 8 }));
  }
  const x = (current) => Math.min(35, (current / 32) * 36).toFixed(1);
  const drawn = x(Math.max(...station.measured_a));
  bar.children[1].setAttribute("width", x(station.grant_a));
  bar.children[2].setAttribute("x1", drawn);
  bar.children[2].setAttribute("x2", drawn);
  bar.children[2].style.display = station.ev ? "" : "none";
}

function summaryText(stations) {
  const isCharging = (station) => station.state === "charging" && station.grant_a > 0;
  return say("station.summary", {
    charging: stations.filter(isCharging).length,
    idle: stations.filter((station) => station.ev !== null && !isCharging(station)).length,
    free: stations.filter((station) => station.state === "available").length,
    grant: stations.reduce((sum, station) => sum + station.grant_a, 0).toFixed(0),
  });
}
