/** Draws a part of the page again whenever the server says that its topic has changed. */
const parts = new Map();

export function draws(topic, draw) {
  parts.set(topic, [...(parts.get(topic) ?? []), once(draw)]);
}

export function redraw(topic) {
  for (const draw of parts.get(topic) ?? []) draw();
}

export function goLive() {
  const events = new EventSource("/demo/events");
  events.addEventListener("open", () => [...parts.keys()].forEach(redraw));
  events.addEventListener("changed", (event) => JSON.parse(event.data).forEach(redraw));
}

/** At most one run at a time; a call during a run means one more after it. */
function once(draw) {
  let running = false;
  let again = false;
  return async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      // What failed is drawn again at the next call, and that may have come meanwhile.
      await draw().catch((error) => console.warn(error));
    } while (again);
    running = false;
  };
}
