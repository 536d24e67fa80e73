"""What the page posts, checked before anything happens."""

from __future__ import annotations

from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.demo.cast import Persona, persona

B = TypeVar("B", bound="Body")


class Body(BaseModel):
    """A posted form; names that it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ByPersona(Body):
    """Something that a person does in Teams."""

    persona: str

    def actor(self) -> Persona:
        """Return the person; 404 for one that has no Teams."""
        found = persona(self.persona)
        if found is None or not found.in_teams:
            raise web.HTTPNotFound(text=f"Nobody in Teams is called '{self.persona}'.")
        return found


class Say(ByPersona):
    """A typed message; without a room it starts a thread in the channel."""

    text: str = Field(min_length=1, max_length=20_000)
    room: str | None = None


class Press(ByPersona):
    """A pressed button: its action as the card has it, and what it sends."""

    message: str
    action: dict[str, Any] = Field(default_factory=dict)
    data: Any = None


class FromMessage(ByPersona):
    """The action of the message extension in a message's menu; `data` once the form is sent."""

    message: str
    data: dict[str, Any] | None = None


class Look(ByPersona):
    """A message came into view."""

    message: str


class Search(ByPersona):
    """Words typed into the message extension."""

    text: str = Field(default="", max_length=200)


class Share(ByPersona):
    """A card found by the message extension, to be posted."""

    attachment: dict[str, Any]
    room: str | None = None


async def read(request: web.Request, kind: type[B]) -> B:
    """Return the request's body; 400 in one line when it does not fit."""
    try:
        return kind.model_validate_json(await request.read())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise web.HTTPBadRequest(text=f"{where or 'body'}: {first['msg']}") from error
