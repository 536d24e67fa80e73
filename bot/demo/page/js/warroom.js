import { get, post } from "./api.js";
import { drawCard } from "./card.js";
import { openDialog } from "./dialog.js";
import { byId, h, reconcile, toast } from "./dom.js";
import { draws, redraw } from "./live.js";
import { markdown } from "./markdown.js";
import { avatar, cast, fillPersonas, nameOf } from "./people.js";
import { hhmm } from "./time.js";
import { isDark, onTheme } from "./theme.js";

const CHANNEL = "channel";
const CHAT = "chat";

const view = { persona: "", room: CHANNEL, rooms: [], drawnRoom: "", following: true };
const person = () => cast.people.find((one) => one.key === view.persona);

export function setUpWarRoom() {
  const select = byId("persona");
  fillPersonas(select);
  view.persona = cast.people[0].key;
  select.addEventListener("change", () => become(select.value));
  draws("teams", draw);
  onTheme(() => redraw("teams"));
}

/** Sees and acts as another person. */
export function become(key) {
  view.persona = key;
  byId("persona").value = key;
  if (!view.rooms.some((room) => room.id === view.room && room.kind === "thread")) view.room = CHANNEL;
  view.drawnRoom = "";
  redraw("teams");
}

/** Opens a thread, the chat or the channel. */
export function open(room) {
  view.room = room;
  redraw("teams");
}

/** Where a typed message goes: null starts a thread in the channel. */
export const whereTyped = () => (view.room === CHANNEL ? null : view.room);
export const whoTypes = () => person();

async function draw() {
  const viewer = person();
  byId("compose").hidden = !viewer.in_teams;
  if (!viewer.in_teams) return drawOutsider(viewer);
  const { persona, room } = view;
  const chat = room === CHAT;
  const shown = await get("teams", { persona, room: chat ? chatId() : room });
  // Somebody else looks, or elsewhere, since this was asked for: that is drawn next.
  if (persona !== view.persona || room !== view.room) return;
  const opened = followed(shown.rooms);
  view.rooms = shown.rooms;
  if (opened) return open(opened);
  if (view.room === CHAT && chatId() !== CHAT) view.room = chatId();
  drawRooms();
  drawMessages(chat && shown.room === CHANNEL ? { room: CHAT, messages: [] } : shown);
}

const chatId = () => view.rooms.find((room) => room.kind === "chat")?.id ?? CHAT;

/** The war room that the bot has just opened, while nobody looks at another one. */
function followed(rooms) {
  const known = new Set(view.rooms.map((room) => room.id));
  const fresh = rooms.filter((room) => room.kind === "thread" && room.by === "bot" && !known.has(room.id));
  const first = view.rooms.length === 0 && view.drawnRoom === "";
  return !first && view.room !== fresh.at(-1)?.id ? fresh.at(-1)?.id : undefined;
}

function drawOutsider(viewer) {
  byId("rooms").replaceChildren();
  view.drawnRoom = "";
  byId("messages").replaceChildren(
    h("div", { class: "empty" }, h("strong", {}, `${viewer.name} is not in Teams`), h("span", {}, "A customer reads the mail in the Inbox and the status page.")),
  );
}

function drawRooms() {
  // War rooms, and whatever else is open; the channel lists all threads.
  const threads = view.rooms.filter((room) => room.kind === "thread" && (room.by === "bot" || room.id === view.room));
  const items = [
    { id: CHANNEL, mark: "#", title: cast.channel, stamp: "" },
    ...threads.map((room) => ({ id: room.id, mark: "", title: room.title, thread: true })),
    { id: chatId(), mark: "@", title: `Chat with ${cast.bot}` },
  ];
  const current = view.room === CHAT ? chatId() : view.room;
  byId("rooms").replaceChildren(
    ...items.map((item) =>
      h(
        "button",
        {
          type: "button",
          class: item.thread ? "room thread" : "room",
          title: item.title,
          "aria-current": item.id === current ? "true" : undefined,
          onclick: () => open(item.id),
        },
        item.mark ? h("span", { class: "room-mark", "aria-hidden": "true" }, item.mark) : null,
        h("span", { class: "room-title" }, item.title),
      ),
    ),
  );
}

function drawMessages(shown) {
  const list = byId("messages");
  const changedRoom = view.drawnRoom !== shown.room + view.persona;
  const atEnd = changedRoom || list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  if (changedRoom) list.replaceChildren();
  view.drawnRoom = shown.room + view.persona;
  const isChannel = shown.room === CHANNEL;
  const messages = shown.messages.filter((message) => isChannel || !message.deleted);
  list.classList.toggle("is-channel", isChannel);
  if (!messages.length) return list.replaceChildren(emptyRoom(isChannel));
  list.querySelector(".empty")?.remove();
  reconcile(list, messages, {
    key: (message) => message.id,
    stamp: (message) => `${message.stamp}${message.replies?.count ?? ""}${isDark()}`,
    draw: (message) => drawMessage(message, isChannel),
  });
  if (atEnd) list.scrollTop = list.scrollHeight;
}

const emptyRoom = (isChannel) =>
  h(
    "div",
    { class: "empty" },
    h("strong", {}, isChannel ? "No incident, for now" : `Say hello to ${cast.bot}`),
    h("span", {}, isChannel ? `Type “@${cast.bot} declare” below, or press “Play an incident”.` : "It answers here as well as in the channel."),
  );

function drawMessage(message, isChannel) {
  if (message.refresh) refresh(message);
  const mine = message.by === view.persona;
  return h(
    "article",
    { class: mine ? "message mine" : "message", "aria-label": `${nameOf(message.by)}, ${hhmm(message.at)}` },
    avatar(message.by),
    h(
      "div",
      { class: "bubble" },
      h(
        "header",
        {},
        h("strong", {}, nameOf(message.by)),
        h("time", { datetime: message.at }, hhmm(message.at)),
        message.edited ? h("span", { class: "edited" }, "Edited") : null,
        menu(message),
      ),
      message.deleted ? h("p", { class: "gone" }, "This message was deleted.") : body(message),
      message.delivered ? null : h("p", { class: "card-error" }, `${cast.bot} did not take this message.`),
      isChannel ? thread(message) : null,
    ),
  );
}

function body(message) {
  const parts = [];
  if (message.text) parts.push(text(message));
  if (message.card) parts.push(drawCard(message.card, (pressed) => press(message, pressed)));
  if (!parts.length && message.value) parts.push(h("p", { class: "gone" }, "Pressed a button."));
  return parts;
}

function text(message) {
  const paragraph = h("div", { class: message.format === "markdown" ? "text" : "text typed" });
  if (message.format === "markdown") {
    paragraph.innerHTML = markdown(message.text, message.mentions);
    return paragraph;
  }
  let rest = message.text;
  for (const mention of message.mentions) {
    const at = rest.indexOf(mention);
    if (at < 0) continue;
    paragraph.append(rest.slice(0, at), h("span", { class: "mention" }, mention.replace(/<\/?at>/g, "")));
    rest = rest.slice(at + mention.length);
  }
  paragraph.append(rest);
  return paragraph;
}

function thread(message) {
  const { count, by } = message.replies;
  const label = count ? `${count} ${count === 1 ? "reply" : "replies"}` : "Open";
  return h(
    "button",
    { type: "button", class: "replies", onclick: () => open(message.room) },
    by.slice(0, 3).map((key) => avatar(key, true)),
    label,
  );
}

function menu(message) {
  if (!message.text || message.by === "bot" || message.deleted) return null;
  const declare = h("button", { type: "button", onclick: () => declareFrom(message) }, "Declare an incident from this message");
  return h("details", { class: "menu" }, h("summary", { "aria-label": "More about this message" }, "•••"), declare);
}

async function declareFrom(message) {
  const ask = (data) => post("teams/from-message", { persona: view.persona, message: message.id, data });
  document.querySelectorAll("details.menu[open]").forEach((one) => one.removeAttribute("open"));
  try {
    settle(await ask(null), ask);
  } catch (error) {
    toast(error.message, { bad: true });
  }
}

/** Carries a press to the bot and shows its answer; what went wrong is thrown to the card. */
async function press(message, { kind, action, data }) {
  const pressed = { persona: view.persona, message: message.id, action, data };
  if (kind === "execute") return settle(await post("teams/execute", pressed));
  if (data?.msteams?.type !== "task/fetch") {
    const sent = await post("teams/submit", pressed);
    if (!sent.delivered) throw new Error(`${cast.bot} did not take this.`);
    return;
  }
  settle(await post("teams/dialog/open", pressed), (form) => post("teams/dialog/submit", { ...pressed, action: {}, data: form }));
}

function settle(answer, submit) {
  if (answer.kind === "error") throw new Error(answer.text);
  if (answer.kind === "message") toast(answer.text);
  if (answer.kind === "dialog") openDialog(answer, submit);
}

const refresh = (message) => post("teams/look", { persona: view.persona, message: message.id }).catch(() => {});
