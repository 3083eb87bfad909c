// Keyboard: / searches, g then a letter goes to a panel, ? helps.
const PANELS = { l: "load", d: "diagram", c: "chart", s: "stations", f: "faults", e: "events", m: "meters" };
const GO_MS = 1500;

export function listenToKeys(help, search) {
  let goUntilMs = 0;
  document.getElementById("help-open").addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select") || help.open) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); search.select(); }
    else if (event.key === "?") help.showModal();
    else if (event.key === "g") { goUntilMs = performance.now() + GO_MS; return; }
    else if (performance.now() < goUntilMs && PANELS[event.key]) goTo(document.getElementById(PANELS[event.key]));
    goUntilMs = 0;
  });
}

function goTo(panel) {
  panel.scrollIntoView({ block: "start" });
  panel.tabIndex = -1;
  panel.focus({ preventScroll: true });
}
