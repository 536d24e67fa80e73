import { hostConfig } from "./hostconfig.js";
import { markdown } from "./markdown.js";
import { isDark } from "./theme.js";
import { h } from "./dom.js";

const { AdaptiveCard, HostConfig, SerializationContext, Versions } = window.AdaptiveCards;
const PRESSED = { "Action.Execute": "execute", "Action.Submit": "submit" };

let mentions = [];

AdaptiveCard.onProcessMarkdown = (text, result) => {
  result.outputHtml = markdown(text, mentions);
  result.didProcess = true;
};

const mentionsIn = (card) =>
  (card.msteams?.entities ?? []).filter((entity) => entity.type === "mention").map((entity) => entity.text);

/**
 * Draws a card. `press({kind, action, data})` is called for Execute and Submit; while its promise
 * is pending the card takes no further press, and the sentence that it rejects with stands below.
 */
export function drawCard(json, press) {
  const frame = h("div", { class: "card" });
  if (String(json.msteams?.width).toLowerCase() === "full") frame.classList.add("wide");
  const failure = h("p", { class: "card-error", role: "alert", hidden: true });
  const card = new AdaptiveCard();
  card.hostConfig = new HostConfig(hostConfig(isDark()));
  card.onExecuteAction = (action) => {
    const kind = PRESSED[action.getJsonTypeName()];
    if (kind) busy(frame, failure, () => press({ kind, action: asPressed(action), data: action.data ?? {} }));
    else if (action.getJsonTypeName() === "Action.OpenUrl") openLink(action.url);
  };
  const actions = [];
  const context = new SerializationContext(Versions.v1_5); // what Teams draws, and no more
  context.onParseAction = (action) => actions.push(action);
  mentions = mentionsIn(json);
  card.parse(json, context);
  frame.append(card.render() ?? h("p", {}, json.fallbackText ?? "This card cannot be drawn."), failure);
  mentions = [];
  actions.forEach(label);
  return frame;
}

/** Lets the guide find a button by what it asks of the bot. */
function label(action) {
  if (!action.renderedElement) return;
  const { verb = action.verb, role } = action.toJSON()?.data ?? {};
  if (verb) action.renderedElement.dataset.verb = verb;
  if (role) action.renderedElement.dataset.role = role;
}

const asPressed = (action) => ({ id: action.id ?? "", verb: action.verb ?? "" });

async function busy(frame, failure, work) {
  frame.setAttribute("aria-busy", "true");
  frame.inert = true;
  failure.hidden = true;
  try {
    await work();
  } catch (error) {
    failure.textContent = error.message;
    failure.hidden = false;
  } finally {
    frame.inert = false;
    frame.removeAttribute("aria-busy");
  }
}

function openLink(url) {
  if (/^(https?|mailto):/i.test(url ?? "")) window.open(url, "_blank", "noopener");
}
