// Keyboard: / searches, g then a letter goes to a panel, ? helps.
const GO_MS = 1500;

// panels: letter -> id of what it goes to; search: the field that / goes to.
export function listenToKeys(help, search, panels) {
  let goUntilMs = 0;
  document.getElementById("help-open").addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select") || help.open) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); search.select(); }
    else if (event.key === "?") help.showModal();
    else if (event.key === "g") { goUntilMs = performance.now() + GO_MS; return; }
    else if (performance.now() < goUntilMs && panels[event.key]) goTo(document.getElementById(panels[event.key]));
    goUntilMs = 0;
  });
}

function goTo(panel) {
  panel.scrollIntoView({ block: "start" });
  if (!panel.matches("button, input")) panel.tabIndex = -1;
  panel.focus({ preventScroll: true });
}
