"""Teams' Markdown: what people type is shown as typed.

Teams reads bold, italic, lists and links in the text of a TextBlock and of a Fact
(learn.microsoft.com, "Format cards in Teams"); other clients read more. Only characters that
would be markup where they stand get a backslash: older mobile clients show a needless one.
"""

from __future__ import annotations

import re

from comms.text import balance

_WORD_JOINER = "\u2060"
_SPACE = "\u00a0"

_INLINE = re.compile(
    r"""
      \\(?=[!-/:-@\[-`{-~])            # a backslash that would escape what follows
    | (?<!\s)\*|\*(?!\s|$)             # emphasis: not the star of '2 * 3'
    | (?<![^\W_])_|_(?![^\W_])         # emphasis: not inside of 'card_payments'
    | `
    | ~(?=~)|(?<=~)~
    | \](?=[(\[:])                     # the end of a link's text
    | <(?=[A-Za-z/!?])                 # HTML, or an autolink
    | &(?=[A-Za-z][A-Za-z0-9]*;|\#)    # an entity
    | (?<=\{)\{(?=(?:DATE|TIME)\()     # the cards' own date functions
    """,
    re.VERBOSE,
)
_BLOCK = re.compile(r"(?:[-+*](?=\s|$)|-(?=--)|>|\#|=(?==))")
_HARMLESS = re.compile(r"[^\W\d][^\\*_`~\[\]<&{\r\n]*")
_NUMBERED = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_LINE_END = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_MENTION = re.compile(r"(</?)(?=at\b)", re.IGNORECASE)
_NOT_IN_NAME = re.compile(r"[^\w .,'’()-]|(?<!\w)_|_(?!\w)")


class Markdown(str):
    """Text that already is Teams' Markdown; it is not escaped again."""

    __slots__ = ()


def escape(typed: str) -> Markdown:
    """Return Markdown that shows `typed` as it is, line by line.

    Every line becomes a paragraph, as Teams wants outside of lists; a blank line stays one.
    '<at>' is broken by an invisible word joiner, since Teams looks for mentions after Markdown.
    """
    if isinstance(typed, Markdown):
        return typed
    if not typed or _HARMLESS.fullmatch(typed):
        return Markdown(typed)
    lines = typed.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Markdown("\n\n".join(_line(line) for line in lines))


def markdown(pattern: str, *values: object) -> Markdown:
    """Return one line of our own Markdown, its `{}` filled by values, each escaped.

    Emphasis ends with its line, so a value's line ends become spaces.
    """
    filled = pattern.format(*(escape(_one_line(value)) for value in values))
    return Markdown(filled.replace("****", ""))


def mention(name: str) -> Markdown:
    """Return the text that stands for a mention; it must equal the entity's text."""
    return Markdown(f"<at>{_NOT_IN_NAME.sub('', name)[:80].strip() or 'you'}</at>")


def shortened(typed: str, longest: int, *, read_on: str) -> str:
    """Return the text cut at a word to about `longest` characters, with a link to the whole.

    `read_on` is an internal URL; without one the reader is told where the whole is.
    """
    if len(typed) <= longest:
        return typed
    head = typed[:longest]
    at_word = head.rsplit(None, 1)[0] if " " in head[longest // 2 :] else head
    whole = f"[read on]({read_on})" if read_on else "(shortened)"
    return Markdown(f"{escape(balance(at_word.rstrip()))}… {whole}")


def _one_line(value: object) -> str:
    return value if isinstance(value, Markdown) else _LINE_END.sub(" ", str(value)).strip()


def _line(line: str) -> str:
    body = line.lstrip(" \t")
    if not body:
        return _WORD_JOINER
    # Parsers trim spaces of every kind, but not behind a character that is none.
    indent = _WORD_JOINER + _SPACE * (len(line) - len(body)) if body != line else ""
    if _BLOCK.match(body):
        marked, rest = "\\" + body[0], body[1:]
    elif number := _NUMBERED.match(body):
        marked, rest = f"{number[1]}\\{number[2]}", body[number.end() :]
    else:
        marked, rest = "", body
    return indent + marked + _MENTION.sub(rf"\1{_WORD_JOINER}", _INLINE.sub(r"\\\g<0>", rest))
