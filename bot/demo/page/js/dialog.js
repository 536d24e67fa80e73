import { drawCard } from "./card.js";
import { byId, h, toast } from "./dom.js";

const dialog = byId("dialog");
const WIDTHS = { small: 420, medium: 600, large: 820 };

/**
 * Shows a dialog with the answer's card. `submit(data)` sends its form and returns the next
 * answer: another card stays in the dialog, a message is told, anything else closes it.
 */
export function openDialog(answer, submit) {
  fill(answer, submit);
  if (!dialog.open) dialog.showModal();
}

export function openSheet(title, ...content) {
  dialog.replaceChildren(head(title), h("div", { class: "dialog-body" }, content));
  dialog.style.width = "520px";
  if (!dialog.open) dialog.showModal();
}

export const closeDialog = () => dialog.close();

function fill(answer, submit) {
  const press = async ({ data }) => {
    const next = await submit(data);
    if (next.kind === "error") throw new Error(next.text);
    if (next.kind === "dialog") return fill(next, submit);
    dialog.close();
    if (next.kind === "message") toast(next.text);
  };
  dialog.replaceChildren(head(answer.title || "Sitrep"), h("div", { class: "dialog-body" }, drawCard(answer.card, press)));
  dialog.style.width = `${WIDTHS[answer.width] ?? (Number(answer.width) || WIDTHS.medium)}px`;
  dialog.querySelector(".dialog-body").scrollTop = 0;
}

function head(title) {
  const close = h("button", { type: "button", class: "button bare", "aria-label": "Close", onclick: () => dialog.close() }, "✕");
  return h("div", { class: "dialog-head" }, h("h2", { id: "dialog-title" }, title), close);
}

dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
