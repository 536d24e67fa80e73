// Looks for news every few seconds and puts them in place, keeping what is open open.
const EVERY = 5000;
let etag = "";

async function look() {
  try {
    const answer = await fetch(location.href, { headers: etag ? { "If-None-Match": etag } : {} });
    if (answer.status !== 200) return;
    etag = answer.headers.get("ETag") || "";
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const live = document.getElementById("live");
    const next = fresh.getElementById("live");
    if (!next || next.innerHTML === live.innerHTML) return;
    const open = [...live.querySelectorAll("details")].map((one) => one.open).reverse();
    [...next.querySelectorAll("details")].reverse().forEach((one, at) => { one.open = Boolean(open[at]); });
    live.replaceWith(document.adoptNode(next));
    document.title = fresh.title;
  } catch {
    // Away for a moment; the page keeps what it shows.
  }
}

setInterval(() => { if (!document.hidden) look(); }, EVERY);
