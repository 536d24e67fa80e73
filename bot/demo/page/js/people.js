import { get } from "./api.js";
import { h } from "./dom.js";

/** Who plays: filled once, before anything is drawn. */
export const cast = { people: [], bot: "Sitrep", company: "", team: "", channel: "", commands: [] };

export async function meetTheCast() {
  Object.assign(cast, await get("cast"));
}

export const nameOf = (key) => (key === "bot" ? cast.bot : cast.people.find((one) => one.key === key)?.name ?? key);

const initials = (name) => name.split(" ").map((word) => word[0]).join("").slice(0, 2);

export function avatar(key, small = false) {
  const look = { class: small ? "avatar small" : "avatar", "data-who": key, "aria-hidden": "true" };
  return key === "bot" ? h("img", { ...look, src: "/demo/page/mark.svg", alt: "" }) : h("span", look, initials(nameOf(key)));
}

export function fillPersonas(select, { everybody = "" } = {}) {
  const options = cast.people.map((one) => h("option", { value: one.key }, `${one.name} · ${one.job}`));
  if (everybody) options.unshift(h("option", { value: "" }, everybody));
  select.replaceChildren(...options);
}
