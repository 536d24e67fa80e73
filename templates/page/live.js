// Keeps an open page true: marks a late promise also when nobody publishes any more, and shows
// what is new. The page is complete without it.
(() => {
  "use strict";
  const FEED = document.currentScript.dataset.feed;
  const EVERY = 30_000;
  const PATIENCE = 8_000;
  const SKEW = 120_000;
  // Milliseconds to add to this browser's clock; a server's answer tells.
  let offset = 0;

  const now = () => Date.now() + offset;

  const get = (url) =>
    fetch(url, { cache: "no-cache", signal: AbortSignal.timeout(PATIENCE) });

  function markLate() {
    const told = Date.parse(document.documentElement.dataset.toldAt);
    // A clock that runs behind what is already published cannot judge a promise.
    if (now() + SKEW < told) return;
    for (const mark of document.querySelectorAll("[data-next-update]")) {
      if (now() >= Date.parse(mark.dataset.nextUpdate)) mark.hidden = false;
    }
  }

  function learnTime(answer) {
    const date = Date.parse(answer.headers.get("Date"));
    const age = Number(answer.headers.get("Age") || 0) * 1000;
    if (!Number.isNaN(date)) offset = date + age - Date.now();
  }

  async function renew(version) {
    const answer = await get(location.href);
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = fresh.getElementById("main");
    // A cache may still hold the page before this one: then the next look shows it.
    if (!main || fresh.documentElement.dataset.version !== version) return;
    const held = document.activeElement && document.activeElement.closest("#main a");
    document.getElementById("main").replaceChildren(...main.childNodes);
    Object.assign(document.documentElement.dataset, fresh.documentElement.dataset);
    document.title = fresh.title;
    if (held) {
      const href = CSS.escape(held.getAttribute("href"));
      document.querySelector(`#main a[href="${href}"]`)?.focus();
    }
    document.getElementById("news").textContent = "This page has just been updated.";
  }

  async function look() {
    if (document.hidden) return;
    try {
      const answer = await get(FEED);
      if (answer.ok) {
        learnTime(answer);
        const version = (await answer.json())._sitrep.version;
        if (version !== document.documentElement.dataset.version) await renew(version);
      }
    } catch {
      // Offline, or the server is away: what is shown stays, the promise is still judged.
    }
    markLate();
  }

  look();
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
})();
