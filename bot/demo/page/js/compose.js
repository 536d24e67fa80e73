import { post } from "./api.js";
import { closeDialog, openSheet } from "./dialog.js";
import { byId, h, toast } from "./dom.js";
import { cast } from "./people.js";
import { open, whereTyped, whoTypes } from "./warroom.js";

const box = byId("text");
const list = byId("suggestions");

export function setUpCompose() {
  box.addEventListener("input", () => (grow(), suggest()));
  box.addEventListener("keydown", keys);
  box.addEventListener("blur", () => setTimeout(() => (list.hidden = true), 150));
  byId("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    send(box.value);
  });
  byId("find").addEventListener("click", find);
}

/** Puts a text into the box, ready to be sent. */
function propose(text) {
  box.value = text;
  grow();
  box.focus();
}

/** Sends a text as the person; opens the thread that it started. */
export async function send(text) {
  const typed = text.trim();
  if (!typed) return;
  box.value = "";
  grow();
  list.hidden = true;
  try {
    const sent = await post("teams/say", { persona: whoTypes().key, text: typed, room: whereTyped() });
    if (whereTyped() === null) open(sent.room);
  } catch (error) {
    box.value = typed;
    toast(error.message, { bad: true });
  }
}

function grow() {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 140)}px`;
}

function suggest() {
  const typed = box.value.toLowerCase();
  const name = `@${cast.bot}`.toLowerCase();
  const fits = typed.startsWith("@") && typed.length <= name.length + 12;
  const commands = fits
    ? cast.commands.filter((one) => `${name} ${one.text}`.startsWith(typed.trimEnd()) && typed.trimEnd() !== `${name} ${one.text}`)
    : [];
  list.replaceChildren(
    ...commands.map((one, index) =>
      h(
        "button",
        { type: "button", role: "option", "aria-selected": index === 0 ? "true" : "false", tabindex: "-1", onclick: () => choose(one) },
        h("strong", {}, `@${cast.bot} ${one.text}`),
        h("span", {}, one.does),
      ),
    ),
  );
  list.hidden = commands.length === 0;
}

function choose(command) {
  list.hidden = true;
  propose(`@${cast.bot} ${command.text} `);
}

function keys(event) {
  const options = [...list.children];
  const selected = options.findIndex((one) => one.ariaSelected === "true");
  if (!list.hidden && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    const next = (selected + (event.key === "ArrowDown" ? 1 : options.length - 1)) % options.length;
    options.forEach((one, index) => (one.ariaSelected = String(index === next)));
    event.preventDefault();
  } else if (!list.hidden && event.key === "Tab") {
    options[selected]?.click();
    event.preventDefault();
  } else if (!list.hidden && event.key === "Escape") {
    list.hidden = true;
  } else if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    if (!list.hidden && box.value.trim() === `@${cast.bot}`) options[selected]?.click();
    else send(box.value);
  }
}

/** The message extension: finds incidents and posts the chosen one's card. */
function find() {
  const results = h("div", { class: "results", "aria-live": "polite" });
  const words = h("input", { type: "search", class: "search", placeholder: "Key or words of the title", "aria-label": "Find an incident" });
  const look = async () => {
    try {
      const answer = await post("teams/search", { persona: whoTypes().key, text: words.value });
      results.replaceChildren(...found(answer));
    } catch (error) {
      results.replaceChildren(h("p", { class: "card-error" }, error.message));
    }
  };
  let pause;
  words.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(look, 250);
  });
  openSheet("Find an incident", words, results);
  words.focus();
  look();
}

function found(answer) {
  if (answer.kind !== "results") return [h("p", { class: "hint" }, answer.text || "Nothing found.")];
  if (!answer.results.length) return [h("p", { class: "hint" }, "Nothing found.")];
  return answer.results.map((attachment) => {
    const preview = attachment.preview?.content ?? {};
    const share = () => post("teams/share", { persona: whoTypes().key, room: whereTyped(), attachment }).then(shared, (error) => toast(error.message, { bad: true }));
    return h(
      "button",
      { type: "button", class: "result", onclick: share },
      h("strong", {}, preview.title ?? "Incident"),
      h("span", {}, preview.subtitle ?? preview.text ?? ""),
    );
  });
}

function shared(sent) {
  closeDialog();
  open(sent.room);
}
