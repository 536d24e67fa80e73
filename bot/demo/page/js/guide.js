import { send } from "./compose.js";
import { byId, h, toast } from "./dom.js";
import { mailCount } from "./inbox.js";
import { showPane } from "./panes.js";
import { cast, nameOf } from "./people.js";
import { become, open, whoTypes } from "./warroom.js";

const button = (verb, role) => {
  const found = document.querySelectorAll(`[data-verb="${verb}"]${role ? `[data-role="${role}"]` : ""}`);
  return [...found].findLast((one) => one.checkVisibility());
};
const there = (verb, role) => document.querySelector(`[data-verb="${verb}"]${role ? `[data-role="${role}"]` : ""}`) !== null;
const inWarRoom = () => there("can.open");
// Written down for good, of the incident that the guide began: a card may be gone before it is seen.
const incident = () => document.querySelector(".timeline")?.dataset.incident ?? "";
const written = (kind) => incident() !== begun.incident && document.querySelector(`.timeline [data-kind="${kind}"]`) !== null;
const mailCame = () => mailCount() > begun.mails;

/**
 * The way from declare to a mail. `at` says, from what is in sight, that a step has been done;
 * `who` does it, and `next` is the control to press, which is made to stand out.
 */
const STEPS = [
  { label: "Declare it", who: "ines", at: inWarRoom, next: () => button("declare.submit") },
  {
    label: "Take command",
    who: "ines",
    at: () => inWarRoom() && !there("role.take", "incident_commander"),
    next: () => button("role.take", "incident_commander"),
  },
  {
    label: "Take the updates",
    who: "caleb",
    at: () => inWarRoom() && !there("role.take", "comms_lead"),
    next: () => button("role.take", "comms_lead"),
  },
  {
    label: "Say what is known",
    who: "caleb",
    at: () => there("update.approve") || written("update.drafted"),
    next: () => button("can.submit") ?? button("can.open"),
  },
  {
    label: "Approve",
    who: "caleb",
    at: () => mailCame() || (inWarRoom() && written("update.approved")),
    next: () => button("update.approve"),
  },
  { label: "Four eyes: approve again", who: "ines", at: mailCame, next: () => button("update.approve") },
  { label: "Read the mail", who: "", at: () => mailCame() && document.querySelector(".mail") !== null, next: () => document.querySelector(".mail-row") },
];

const begun = { mails: 0, incident: "", step: -1 };

export function setUpGuide() {
  byId("try").addEventListener("click", begin);
  document.addEventListener("mail-arrived", show);
  new MutationObserver(show).observe(document.body, { childList: true, subtree: true });
}

async function begin() {
  Object.assign(begun, { mails: mailCount(), incident: incident(), step: 0 });
  showPane("war-room");
  become(STEPS[0].who);
  open("channel");
  draw();
  await send(`@${cast.bot} declare`);
}

function end() {
  begun.step = -1;
  point(null);
  byId("guide").hidden = true;
}

/** Goes on as far as what is in sight allows, and points at the next thing to press. */
function show() {
  if (begun.step < 0) return;
  const before = begun.step;
  while (begun.step < STEPS.length && STEPS[begun.step].at()) begun.step += 1;
  if (begun.step !== before) {
    draw();
    enter(STEPS[begun.step]);
  }
  point(STEPS[begun.step]?.next() ?? null);
}

function enter(step) {
  if (!step) return;
  if (!step.who) return showPane("inbox");
  if (step.who === whoTypes().key) return;
  become(step.who);
  toast(`You are ${nameOf(step.who)} now.`);
}

function point(target) {
  const pointed = document.querySelector(".next");
  if (pointed === target) return;
  pointed?.classList.remove("next");
  target?.classList.add("next");
  target?.scrollIntoView({ block: "nearest" });
}

function draw() {
  const items = STEPS.map((step, index) => {
    const state = index < begun.step ? "done" : index === begun.step ? "now" : "later";
    const here = index === Math.min(begun.step, STEPS.length - 1);
    return h("li", { "data-number": String(index + 1), "data-state": state, "data-here": here, "aria-current": state === "now" ? "step" : undefined }, step.label);
  });
  byId("guide").hidden = false;
  byId("guide").replaceChildren(h("ol", {}, items), h("button", { type: "button", class: "button bare", "aria-label": "Close the guide", onclick: end }, "✕"));
}
