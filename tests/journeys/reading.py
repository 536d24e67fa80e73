"""Reading as people do: what a card, a mail's HTML or a page shows once its markup is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

from markdown_it import MarkdownIt

from bot.demo.teams.cards import elements
from bot.demo.teams.rooms import Json

# It knows more Markdown than Teams does: what stays text here stays text there.
_MARKDOWN = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable("strikethrough")
_UNSEEN = str.maketrans("", "", "\u2060\u200b")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.tags: set[str] = set()
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._style = tag in {"style", "title"}
        if tag in {"br", "p", "td", "li", "div"}:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.said.append(data)


def of_html(html: str) -> tuple[str, set[str]]:
    """The text that a browser shows, and the names of all its elements."""
    reader = _Reader()
    reader.feed(html)
    return plain("".join(reader.said)), reader.tags


def of_card(card: Json) -> str:
    """The text that a person reads on a card, its Markdown drawn."""
    mentions = {one["text"]: one["mentioned"]["name"] for one in card["msteams"]["entities"]}
    texts: list[str] = []
    for text in _texts(card):
        for mention, name in mentions.items():
            text = text.replace(mention, name)  # noqa: PLW2901 (the name, as Teams shows it)
        drawn, tags = of_html(_MARKDOWN.render(text))
        assert tags <= {"p", "br", "strong", "a"}, f"{tags} in {text!r}"
        texts.append(drawn)
    return "\n".join(texts)


def value_of(form: Json, field: str) -> str:
    """What stands in a form's input."""
    [value] = [one.get("value", "") for one in elements(form) if one.get("id") == field]
    return str(value)


def plain(text: str) -> str:
    """Text with its white space made one: line ends and runs of spaces are layout."""
    return " ".join(text.translate(_UNSEEN).split())


def _texts(part: object) -> Iterator[str]:
    if isinstance(part, list):
        for one in part:
            yield from _texts(one)
    elif isinstance(part, dict):
        if part.get("type") == "TextBlock":
            yield part["text"]
        for fact in part.get("facts", ()):
            yield from (fact["title"], fact["value"])
        for name, one in part.items():
            if name not in {"data", "fallback", "msteams", "facts"}:
                yield from _texts(one)
