import { get, post } from "./api.js";
import { byId, toast } from "./dom.js";
import { draws } from "./live.js";
import { demoNow, hhmm, setClock } from "./time.js";

const state = { playing: false };

export function setUpStage() {
  byId("play").addEventListener("click", () => cue(state.playing ? "pause" : "play"));
  byId("step").addEventListener("click", () => cue("step"));
  byId("restart").addEventListener("click", () => cue("restart"));
  draws("stage", async () => show(await get("stage")));
  setInterval(() => (byId("clock").textContent = `${hhmm(demoNow())} UTC`), 250);
}

async function cue(what) {
  try {
    show(await post("stage", { do: what }));
  } catch (error) {
    toast(error.message, { bad: true });
  }
}

function show(stage) {
  setClock(stage);
  const { phase, step, total, note } = stage.progress;
  const running = phase === "running";
  state.playing = running && stage.running;
  const replay = document.querySelector(".replay");
  replay.dataset.phase = phase;
  replay.toggleAttribute("data-playing", state.playing);
  byId("play-label").textContent = state.playing ? "Pause" : running ? "Go on" : phase === "idle" ? "Play an incident" : "Play again";
  byId("restart").hidden = phase === "idle";
  byId("progress").max = total;
  byId("progress").value = step;
  byId("progress-note").textContent = note || (running ? stage.scenario : `“${stage.scenario}”, ${total} steps at ×${stage.pace}`);
  byId("progress-note").classList.toggle("failed", phase === "failed");
  byId("speed").textContent = !stage.running ? "paused" : stage.speed === 1 ? "" : `×${stage.speed}`;
}
