import { byId } from "./dom.js";

/** Tabs choose the pane where the window is too narrow for all four. */
export function setUpPanes() {
  for (const tab of document.querySelectorAll(".tabs button")) {
    tab.addEventListener("click", () => showPane(tab.dataset.pane));
  }
}

export function showPane(pane) {
  byId("panes").dataset.pane = pane;
  for (const tab of document.querySelectorAll(".tabs button")) {
    if (tab.dataset.pane === pane) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
}
