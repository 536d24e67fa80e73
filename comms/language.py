"""Languages: the fixed words of letters from the catalogues, and which language a reader gets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

SOURCE = "en"
"""The language in which templates and sentences are written; it needs no catalogue."""

DOMAIN = "sitrep"


def marked(text: str) -> str:
    """Return the text; it is collected for translation, and translated where it is used."""
    return text


@cache
def spoken() -> tuple[str, ...]:
    """The languages (BCP 47) that letters can be written in, the source's first."""
    folders = sorted(folder.name for folder in files("templates").joinpath("locale").iterdir())
    return (SOURCE, *(name.replace("_", "-") for name in folders if "." not in name))


def nearest(wanted: str, offered: Iterable[str]) -> str | None:
    """Return the language among `offered` that a reader of `wanted` reads best, if any.

    A Swiss reader of German (de-CH) reads de, a reader of German reads de-CH; but where both name
    a script, as in zh-Hant and zh-Hans, it must be the same.
    """
    if not wanted:
        return None
    known = {tag.casefold(): tag for tag in offered}
    exact = known.get(wanted.casefold())
    if exact is not None:
        return exact
    negotiated = negotiate_locale([wanted], list(known), sep="-")
    if negotiated is not None:
        return known[negotiated.casefold()]
    locale = _parsed(wanted)
    return next((tag for tag in known.values() if locale and _is_alike(locale, tag)), None)


def locale_of(language: str) -> Locale:
    """Return Babel's locale of that language: how it writes dates, numbers and lists."""
    return _parsed(language) or Locale(SOURCE)


def name_of(language: str, said_in: str = SOURCE) -> str:
    """Return the language's name: 'German', or in German 'Deutsch'; unknown ones as they are."""
    locale = _parsed(language)
    return (locale and locale.get_display_name(said_in)) or language


def direction(language: str) -> str:
    """Return 'ltr' or 'rtl': the direction in which the language is written."""
    return locale_of(language).text_direction


def heading(label: str, *, language: str) -> str:
    """Return the label as it stands in front of its text: 'Impact:', in French 'Impact :'."""
    # TRANSLATORS: a label before its text on the same line, such as "Impact: payments fail".
    return translations(language).gettext("%(label)s:") % {"label": label}


def listed(names: Sequence[str], *, language: str) -> str:
    """Return the names as that language lists them: in German 'A, B und C'."""
    if locale_of(language).language == SOURCE:
        return ", ".join(names)  # names of services: 'Checkout, Search', as cards have them
    if direction(language) == "ltr":
        return format_list(names, locale=locale_of(language))
    # Names from elsewhere keep their own direction, and the line still begins at the right.
    isolated = [f"\u2068{name}\u2069" for name in names]
    return f"\u200f{format_list(isolated, locale=locale_of(language))}"


@cache
def translations(language: str) -> NullTranslations:
    """Return the fixed words in that language, or the nearest there is; else the source's."""
    spoken_as = nearest(language, spoken())
    if spoken_as is None or spoken_as == SOURCE:
        return NullTranslations()
    name = spoken_as.replace("-", "_")
    source = files("templates").joinpath("locale", name, "LC_MESSAGES", f"{DOMAIN}.po")
    # Compiled in memory: gettext reads nothing else, and nobody has to keep a second file in step.
    compiled = BytesIO()
    with source.open("rb") as catalogue:
        write_mo(compiled, read_po(catalogue, locale=name, domain=DOMAIN))
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)


@lru_cache(maxsize=1024)  # recipients bring their own
def _parsed(language: str) -> Locale | None:
    try:
        return Locale.parse(language, sep="-")
    except (ValueError, TypeError, UnknownLocaleError):
        return None


def _is_alike(locale: Locale, tag: str) -> bool:
    other = _parsed(tag)
    if other is None or other.language != locale.language:
        return False
    return locale.script is None or other.script is None or locale.script == other.script
