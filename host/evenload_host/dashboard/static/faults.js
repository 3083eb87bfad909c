// Fault switches: each says what it does, is a toggle, and shows where it was pressed what became of it.
import { say } from "./words.js";
import { html } from "./marks.js";
import { send } from "./orders.js";

export class Faults {
  constructor(panel, afterwards) {
    this.panel = panel;
    this.afterwards = afterwards;
    panel.addEventListener("click", (event) => {
      const button = event.target.closest(".toggle");
      if (button) this.press(button, button.getAttribute("aria-pressed") !== "true");
    });
    this.clear = panel.querySelector("#faults-clear");
    this.clear.addEventListener("click", () => {
      for (const button of panel.querySelectorAll(".toggle[aria-pressed=true]")) this.press(button, false);
    });
  }

  draw(faults) {
    const listed = new Set();
    for (const fault of faults) {
      listed.add(`${fault.name} ${fault.target}`);
      const button = this.button(fault);
      if (button && button.ariaBusy !== "true") button.setAttribute("aria-pressed", fault.on);
    }
    for (const button of this.panel.querySelectorAll(".toggle")) {
      if (!listed.has(`${button.dataset.name} ${button.dataset.target}`) && button !== document.activeElement) button.remove();
    }
    this.clear.hidden = !faults.some((fault) => fault.on);
  }

  button({ name, target }) {
    const group = this.panel.querySelector(`[data-fault="${CSS.escape(name)}"]`);
    if (!group) return null;
    const found = group.querySelector(`[data-target="${CSS.escape(target)}"]`);
    if (found) return found;
    const made = html("button", { type: "button", class: "toggle", "data-name": name, "data-target": target,
      "aria-label": `${say(`fault.${name}`)}: ${target}`, "aria-describedby": `does-${name}` }, target);
    group.querySelector(".targets").append(made);
    return made;
  }

  async press(button, on) {
    const output = button.closest(".fault").querySelector("output");
    const { name, target } = button.dataset;
    button.ariaBusy = "true";
    try {
      const reason = await send("/site/faults", { name, target, on });
      output.textContent = reason === null ? say("fault.sent") : say("fault.failed", { reason });
      if (reason === null) button.setAttribute("aria-pressed", on);
    } catch {
      output.textContent = say("fault.failed", { reason: say("fault.unreachable") });
    }
    button.ariaBusy = "false";
    setTimeout(() => { output.textContent = ""; }, 4000);
    this.afterwards();
  }
}
