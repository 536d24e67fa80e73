import { get } from "./api.js";
import { byId } from "./dom.js";
import { draws } from "./live.js";

let drawn = "";

export function setUpStatus() {
  draws("status", async () => {
    const { url, version } = await get("status");
    if (!url || `${url} ${version}` === drawn) return;
    drawn = `${url} ${version}`;
    byId("status-link").href = url;
    byId("status-link").hidden = false;
    byId("status-frame").src = url;
    byId("status-frame").hidden = false;
    byId("status-empty").hidden = true;
  });
}
