"""The mailbox in which bounces arrive, as this installation has it set up."""

from __future__ import annotations

import aiohttp

from bot import identity
from bot.bounces.address import GraphBox, box
from bot.bounces.graph import GraphLetterbox
from bot.bounces.letterbox import Letterbox
from bot.settings import Settings


def letterbox(settings: Settings, session: aiohttp.ClientSession) -> Letterbox | None:
    """Return the mailbox of SITREP_BOUNCES_URL, None without one. Invalid says what is wrong."""
    if settings.bounces_url is None:
        return None
    where = box(settings.bounces_url.get_secret_value())
    if isinstance(where, GraphBox):
        tokens = identity.letterbox_tokens(settings, by_graph=True)
        return GraphLetterbox(where, url=settings.graph_url, session=session, tokens=tokens)
    from bot.bounces.imap import ImapLetterbox  # noqa: PLC0415 - 4 MB that few need

    if where.has_token:
        return ImapLetterbox(where, tokens=identity.letterbox_tokens(settings, by_graph=False))
    return ImapLetterbox(where)
