/** Makes an element. Text stays text: nothing here turns a string into markup. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

/**
 * Shows `items` in `parent` in their order. An element is kept as long as its stamp is, so that
 * what a person types into it, or has focused, survives everything around it changing.
 */
export function reconcile(parent, items, { key, stamp, draw }) {
  const standing = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const known = standing.get(key(item));
    standing.delete(key(item));
    if (known && known.dataset.stamp === stamp(item)) {
      if (known === place) place = place.nextElementSibling;
      else parent.insertBefore(known, place);
      continue;
    }
    const fresh = draw(item);
    fresh.dataset.key = key(item);
    fresh.dataset.stamp = stamp(item);
    if (known) {
      if (known === place) place = place.nextElementSibling;
      known.replaceWith(fresh);
    } else {
      fresh.classList.add("arrives");
      parent.insertBefore(fresh, place);
    }
  }
  for (const gone of standing.values()) gone.remove();
}

export function toast(text, { bad = false } = {}) {
  const note = h("p", { class: bad ? "toast bad arrives" : "toast arrives" }, text);
  byId("toasts").append(note);
  setTimeout(() => note.remove(), 5000);
}
