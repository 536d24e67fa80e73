import { byId, h } from "./dom.js";
import { mailCount } from "./inbox.js";
import { showPane } from "./panes.js";
import { send } from "./compose.js";
import { become, open } from "./warroom.js";
import { cast } from "./people.js";

/** Four words from declare to delivered; each is ticked off by what the page itself can see. */
const STEPS = [
  { label: "Declare it", done: () => cards("role.take") },
  { label: "Say what is known", done: () => cards("update.approve") },
  { label: "Approve what each reader gets", done: () => mailCount() > begun.mails },
  { label: "Read it in the Inbox", done: () => document.querySelector(".mail") !== null },
];

/** Whether a card in sight has a button for this. */
const cards = (verb) => document.querySelector(`.card[data-verbs~="${verb}"]`) !== null;

const begun = { mails: 0, active: false };

export function setUpGuide() {
  byId("try").addEventListener("click", begin);
  document.addEventListener("mail-arrived", show);
  new MutationObserver(show).observe(byId("panes"), { childList: true, subtree: true });
}

async function begin() {
  begun.active = true;
  begun.mails = mailCount();
  showPane("war-room");
  become(cast.people[0].key);
  open("channel");
  await send(`@${cast.bot} declare`);
  show();
}

function show() {
  if (!begun.active) return;
  const reached = STEPS.findLastIndex((step) => step.done());
  const here = Math.min(reached + 1, STEPS.length - 1);
  byId("guide").hidden = false;
  byId("guide").firstElementChild.replaceChildren(
    ...STEPS.map((step, index) => {
      const state = index <= reached ? "done" : index === here ? "now" : "later";
      return h("li", { "data-number": String(index + 1), "data-state": state, "data-here": index === here }, step.label);
    }),
  );
}
