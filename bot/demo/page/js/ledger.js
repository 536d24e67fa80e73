import { get } from "./api.js";
import { byId, h, reconcile } from "./dom.js";
import { draws } from "./live.js";
import { demoNow, hhmm, span } from "./time.js";

const STATES = ["accepted", "sending", "planned", "unknown", "rejected", "suppressed", "cancelled"];
const LEFT_OUT = ["suppressed", "cancelled"];
const view = { incident: "", known: [], opened: new Set() };

export function setUpLedger() {
  byId("incident").addEventListener("change", (event) => {
    view.incident = event.target.value;
    draw();
  });
  draws("ledger", draw);
  setInterval(tick, 500);
}

async function draw() {
  const ledger = await get("ledger");
  chooseIncident(ledger);
  const of = (rows) => rows.filter((row) => row.incident === view.incident);
  const body = byId("ledger-body");
  if (!view.incident) {
    body.replaceChildren(h("div", { class: "empty" }, h("strong", {}, "Nothing on record yet"), h("span", {}, "Every step and every delivery is written down here.")));
    return;
  }
  if (!body.querySelector(".promises")) {
    body.replaceChildren(block("Next update by", h("ul", { class: "promises" })), block("Updates", h("div", { class: "updates" })), block("Timeline", h("ol", { class: "timeline" })));
  }
  body.querySelector(".timeline").dataset.incident = view.incident;
  drawPromises(body, of(ledger.promises));
  drawUpdates(body, of(ledger.updates));
  reconcile(body.querySelector(".timeline"), of(ledger.timeline).reverse(), { key: (entry) => String(entry.id), stamp: (entry) => entry.text, draw: entryRow });
  tick();
}

const block = (title, content) => h("section", { class: "block" }, h("h3", {}, title), content);

function chooseIncident(ledger) {
  const keys = [...new Set(ledger.timeline.map((entry) => entry.incident))];
  const newest = keys.at(-1) ?? "";
  if (!keys.includes(view.incident) || !view.known.includes(newest)) view.incident = newest;
  view.known = keys;
  const select = byId("incident");
  select.hidden = keys.length < 2;
  select.replaceChildren(...keys.map((key) => h("option", { value: key, selected: key === view.incident }, key)));
}

function drawPromises(body, promises) {
  const latest = [...new Map(promises.map((promise) => [promise.audience, promise])).values()];
  const list = body.querySelector(".promises");
  list.parentElement.hidden = latest.length === 0;
  list.parentElement.querySelector("h3").replaceChildren("Next update by", adherence(promises));
  reconcile(list, latest, {
    key: (promise) => promise.audience,
    stamp: (promise) => promise.due_at + promise.state,
    draw: (promise) =>
      h(
        "li",
        { "data-state": promise.state, "data-due": promise.due_at },
        h("span", { class: "audience" }, promise.audience),
        h("time", { datetime: promise.due_at }, hhmm(promise.due_at)),
        h("span", { class: "left" }),
      ),
  });
}

/** The headline figure: how many of the promises whose time has come were kept. */
function adherence(promises) {
  const kept = promises.filter((promise) => promise.state === "kept").length;
  const missed = promises.filter((promise) => promise.state === "missed" || (promise.state === "open" && Date.parse(promise.due_at) < demoNow())).length;
  if (!kept && !missed) return "";
  return h("span", { class: missed ? "adherence missed" : "adherence" }, `${kept} of ${kept + missed} promises kept`);
}

/** Counts down, and marks what is overdue the moment that it is. */
function tick() {
  for (const line of document.querySelectorAll(".promises li")) {
    const left = Date.parse(line.dataset.due) - demoNow();
    const open = line.dataset.state === "open";
    line.classList.toggle("overdue", open && left < 0);
    line.classList.toggle("soon", open && left >= 0 && left < 5 * 60_000);
    line.querySelector(".left").textContent = open ? (left < 0 ? `overdue by ${span(left)}` : `in ${span(left)}`) : line.dataset.state;
  }
}

function drawUpdates(body, updates) {
  const list = body.querySelector(".updates");
  list.parentElement.hidden = updates.length === 0;
  const newest = updates.at(-1)?.number;
  reconcile(list, updates.reverse(), {
    key: (update) => String(update.number),
    stamp: (update) => JSON.stringify(update) + (update.number === newest),
    draw: (update) => updateBlock(update, update.number === newest),
  });
}

/** The newest update shows each audience; an earlier one all together, until it is opened. */
function updateBlock(update, isNewest) {
  const rows = h("div", { class: "delivery-rows" });
  const details = h("details", { class: isNewest ? "update newest" : "update", open: view.opened.has(update.number) }, updateSummary(update), rows);
  details.addEventListener("toggle", () => {
    if (details.open) loadRows(update, rows);
    view.opened[details.open ? "add" : "delete"](update.number);
  });
  return details;
}

function updateSummary(update) {
  const kind = { resolved: "Resolved: update", correction: "Correction: update" }[update.kind] ?? "Update";
  const when = update.approved_at ? `approved ${hhmm(update.approved_at)}` : "not yet approved";
  const states = Object.values(update.audiences);
  const all = Object.fromEntries(STATES.map((state) => [state, states.reduce((sum, one) => sum + (one[state] ?? 0), 0)]));
  return h(
    "summary",
    {},
    h("span", { class: "update-head" }, h("strong", {}, `${kind} ${update.number}`), h("span", {}, when)),
    h("span", { class: "by-audience" }, Object.entries(update.audiences).map(([audience, one]) => reach(audience, one))),
    h("span", { class: "together" }, reach("everyone", all)),
  );
}

/** What was sent of what is to be sent; those left out on purpose are no part of it. */
function reach(audience, states) {
  const count = (state) => states[state] ?? 0;
  const sent = STATES.filter((state) => !LEFT_OUT.includes(state));
  const total = sent.reduce((sum, state) => sum + count(state), 0);
  const bar = h("span", { class: "reach-bar", "aria-hidden": "true" });
  for (const state of sent.filter(count)) {
    const piece = h("span", { "data-state": state });
    piece.style.flexGrow = count(state) / total;
    bar.append(piece);
  }
  const rest = STATES.filter((state) => state !== "accepted" && count(state)).map((state) => `${count(state)} ${state}`);
  return h(
    "span",
    { class: "reach" },
    h("span", { class: "audience" }, audience),
    bar,
    h("span", { class: "reach-count" }, `${count("accepted")} of ${total}`),
    rest.length ? h("span", { class: "reach-rest" }, rest.join(" · ")) : null,
  );
}

async function loadRows(update, place) {
  const shown = await get("deliveries", { incident: update.incident, update: update.number });
  const head = h("tr", {}, ["To", "By", "State", "At"].map((label) => h("th", { scope: "col" }, label)));
  const rows = shown.rows.map((row) =>
    h(
      "tr",
      {},
      h("td", {}, row.name || row.address),
      h("td", {}, row.channel),
      h("td", {}, h("span", { class: "state", "data-state": row.state }, row.state), row.reason ? ` ${row.reason}` : "", row.attempts > 1 ? ` (${row.attempts} tries)` : ""),
      h("td", {}, row.finished_at ? hhmm(row.finished_at) : "–"),
    ),
  );
  place.replaceChildren(h("table", {}, h("thead", {}, head), h("tbody", {}, rows)));
}

const entryRow = (entry) =>
  h(
    "li",
    { "data-kind": entry.kind },
    h("time", { datetime: entry.at }, hhmm(entry.at)),
    h("p", {}, entry.text, entry.kind === "note" ? h("span", { class: "by" }, ` · ${entry.by}`) : null),
  );
