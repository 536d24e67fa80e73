import { get } from "./api.js";
import { byId, h, reconcile } from "./dom.js";
import { draws, redraw } from "./live.js";
import { cast, fillPersonas } from "./people.js";
import { hhmm } from "./time.js";

const view = { to: "", open: null, part: "html", seen: 0 };
const PARTS = { html: "Mail", text: "Text", headers: "Headers", source: "Source" };

export function setUpInbox() {
  const select = byId("mailbox");
  fillPersonas(select, { everybody: "Everybody" });
  select.addEventListener("change", () => {
    view.to = cast.people.find((one) => one.key === select.value)?.email ?? "";
    view.open = null;
    redraw("mail");
  });
  draws("mail", draw);
}

/** How many mails have come to anybody. */
export const mailCount = () => view.seen;

async function draw() {
  const shown = await get("mails", { to: view.to });
  view.seen = shown.all;
  byId("inbox-count").textContent = shown.total ? `${shown.total} ${shown.total === 1 ? "mail" : "mails"}` : "";
  byId("inbox-badge").textContent = shown.total;
  byId("inbox-badge").hidden = !shown.total;
  document.dispatchEvent(new CustomEvent("mail-arrived"));
  if (view.open === null) drawList(shown.mails);
}

function drawList(mails) {
  const pane = byId("mails");
  if (!mails.length) {
    pane.replaceChildren(h("div", { class: "empty" }, h("strong", {}, "No mail yet"), h("span", {}, "An approved update arrives here.")));
    return;
  }
  let list = pane.querySelector(".mail-list");
  if (!list) {
    list = h("ul", { class: "mail-list" });
    pane.replaceChildren(list);
  }
  reconcile(list, mails, { key: (mail) => String(mail.id), stamp: (mail) => `${mail.copies}`, draw: row });
}

const row = (mail) =>
  h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "mail-row", onclick: () => openMail(mail.id) },
      h("span", { class: "mail-to" }, mail.to),
      h("time", { datetime: mail.at }, hhmm(mail.at)),
      h("strong", {}, mail.subject || "(no subject)"),
      h("span", { class: "mail-opening" }, mail.opening),
      tags(mail),
    ),
  );

const tags = (mail) =>
  h(
    "span",
    { class: "mail-tags" },
    mail.audience ? h("span", { class: "tag" }, mail.audience) : null,
    mail.update !== null ? h("span", { class: "tag" }, `Update ${mail.update}`) : null,
    mail.copies > 1 ? h("span", { class: "tag bad" }, `Duplicate ×${mail.copies}`) : null,
  );

async function openMail(id) {
  const mail = await get(`mails/${id}`);
  view.open = id;
  if (!mail.html && view.part === "html") view.part = "text";
  drawMail(mail);
  byId("mails").querySelector("button").focus();
}

function drawMail(mail) {
  const back = () => {
    view.open = null;
    byId("mails").replaceChildren();
    redraw("mail");
  };
  const parts = Object.entries(PARTS).filter(([part]) => part !== "html" || mail.html);
  const choose = (part) => {
    view.part = part;
    drawMail(mail);
    byId("mails").querySelector(`[data-part="${part}"]`).focus();
  };
  byId("mails").replaceChildren(
    h(
      "article",
      { class: "mail" },
      h(
        "header",
        { class: "mail-head" },
        h(
          "div",
          { class: "mail-bar" },
          h("button", { type: "button", class: "button bare", onclick: back }, "‹ All mail"),
          h(
            "div",
            { class: "parts", role: "group", "aria-label": "Parts of the mail" },
            parts.map(([part, label]) =>
              h("button", { type: "button", "data-part": part, "aria-pressed": String(part === view.part), onclick: () => choose(part) }, label),
            ),
          ),
        ),
        h("h3", {}, mail.subject || "(no subject)"),
        h("p", {}, `${mail.from} → ${mail.to}`),
      ),
      part(mail),
    ),
  );
}

function part(mail) {
  if (view.part === "html") {
    // An empty sandbox runs nothing; popups are let out so that a link opens beside the demo.
    return h("iframe", { class: "mail-frame", title: "The mail", sandbox: "allow-popups allow-popups-to-escape-sandbox", src: `/demo/api/mails/${mail.id}/html` });
  }
  if (view.part === "headers") {
    const lines = mail.headers.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
    return h("dl", { class: "mail-headers", tabindex: "0" }, lines.flat());
  }
  return h("pre", { class: "mail-text", tabindex: "0" }, view.part === "text" ? mail.text : mail.source);
}
