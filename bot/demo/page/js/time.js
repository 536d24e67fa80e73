/** The demo's clock, carried on between two words from the server. */
let base = Date.now();
let since = performance.now();
let speed = 1;
let running = true;

export function setClock(stage) {
  base = Date.parse(stage.now);
  since = performance.now();
  speed = stage.speed;
  running = stage.running;
}

export const demoNow = () => base + (running ? (performance.now() - since) * speed : 0);

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });

export const hhmm = (moment) => clock.format(typeof moment === "string" ? Date.parse(moment) : moment);

/** '12 min' or, near the moment, '0:42'. */
export function span(milliseconds) {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")} min`;
  if (seconds >= 600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
