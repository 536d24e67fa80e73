import markdownit from "/demo/npm/markdown-it.mjs";

/** Teams' subset: bold, italic, lists, links. Everything else, HTML above all, is shown as typed. */
const subset = markdownit({ html: false, linkify: false, breaks: true }).disable([
  "heading", "lheading", "table", "image", "code", "fence", "backticks", "hr", "blockquote",
  "html_block", "html_inline", "strikethrough", "autolink",
]);

subset.renderer.rules.link_open = (tokens, index, options, env, renderer) => {
  tokens[index].attrSet("target", "_blank");
  tokens[index].attrSet("rel", "noopener noreferrer");
  return renderer.renderToken(tokens, index, options);
};

const unescapeHtml = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&amp;/g, "&");

/** Returns safe HTML. `mentions` lists the '<at>…</at>' texts that an entity backs. */
export function markdown(text, mentions = []) {
  return subset.render(text).replace(/&lt;at&gt;(.*?)&lt;\/at&gt;/g, (typed, name) =>
    mentions.includes(`<at>${unescapeHtml(name)}</at>`) ? `<span class="mention">${name}</span>` : typed,
  );
}
