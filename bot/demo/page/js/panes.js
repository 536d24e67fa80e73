import { byId } from "./dom.js";

const twoPanes = matchMedia("(min-width: 760px) and (max-width: 1199px)");

/** Tabs choose the pane where the window is too narrow for all four. */
export function setUpPanes() {
  twoPanes.addEventListener("change", () => showPane(byId("panes").dataset.pane));
  showPane("war-room");
  for (const tab of document.querySelectorAll(".tabs button")) {
    tab.addEventListener("click", () => showPane(tab.dataset.pane));
  }
}

export function showPane(wanted) {
  // With two panes in sight the war room is always one of them.
  const pane = twoPanes.matches && wanted === "war-room" ? "inbox" : wanted;
  byId("panes").dataset.pane = pane;
  for (const tab of document.querySelectorAll(".tabs button")) {
    if (tab.dataset.pane === pane) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
}
