"""An operation: one route of the API, from whose signature both the check and the document come."""

from __future__ import annotations

import inspect
import types
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from aiohttp import web
from pydantic import BaseModel, ConfigDict, create_model

from bot.api.access import Caller
from bot.api.meters import Meters
from comms.desk import Desk, Scene

P = ParamSpec("P")
T = TypeVar("T")

Run = Callable[..., Awaitable[BaseModel | web.StreamResponse]]

ROOT = "/api/v1"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One admitted request: who calls, through which door, and the desk to act at.

    `meters` count what is no matter of requests.
    """

    desk: Desk
    caller: Caller
    request: web.Request
    via: str
    meters: Meters

    async def do(
        self, act: Callable[Concatenate[Scene, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an act as the caller."""
        return await self.desk.do(act, self.caller.person, self.via, *args, **kwargs)

    async def read(
        self, look: Callable[Concatenate[Scene, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a look as the caller."""
        return await self.desk.read(look, self.caller.person, self.via, *args, **kwargs)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What a route takes and gives. `path` is below ROOT, but for `operations` and what is inbound.

    `body`, `query` and `headers` are models; `path_model` has a field for each parameter of the
    path. `told` is the model of the answer; None where the function answers itself, as `produces`.
    `scope` is what a token of less than the house's own needs; '': no such token opens it.
    """

    method: str
    path: str
    tag: str
    name: str
    summary: str
    description: str
    status: int
    run: Run
    path_model: type[BaseModel]
    body: type[BaseModel] | None
    body_is_optional: bool
    query: type[BaseModel] | None
    headers: type[BaseModel] | None
    told: type[BaseModel] | None
    location: str
    accepts: tuple[str, ...]
    produces: tuple[str, ...]
    problems: tuple[int, ...]
    is_public: bool
    scope: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """The operations of one noun; functions enter it by decoration.

    A function takes the Call, the path's parameters by name, and `body`, `query` and `headers`
    where it wants them; it returns the model of its answer. Its docstring becomes its description.
    """

    tag: str
    root: str = ROOT
    operations: list[Operation] = field(default_factory=list)

    def get(self, path: str, **more: Any) -> Callable[[Run], Run]:
        """Enter a function that reads."""
        return self._entry("GET", path, **more)

    def post(self, path: str, **more: Any) -> Callable[[Run], Run]:
        """Enter a function that acts."""
        return self._entry("POST", path, **more)

    def put(self, path: str, **more: Any) -> Callable[[Run], Run]:
        """Enter a function that replaces."""
        return self._entry("PUT", path, **more)

    def delete(self, path: str, **more: Any) -> Callable[[Run], Run]:
        """Enter a function that takes away."""
        return self._entry("DELETE", path, **more)

    def options(self, path: str, **more: Any) -> Callable[[Run], Run]:
        """Enter a function that says whether one may ask."""
        return self._entry("OPTIONS", path, **more)

    def _entry(
        self,
        method: str,
        path: str,
        *,
        status: int = 200,
        location: str = "",
        accepts: tuple[str, ...] = ("application/json",),
        produces: tuple[str, ...] = ("application/json",),
        problems: tuple[int, ...] = (),
        is_public: bool = False,
        scope: str = "",
    ) -> Callable[[Run], Run]:
        def enter(run: Run) -> Run:
            takes = _takes(run)
            summary, _, description = inspect.cleandoc(run.__doc__ or "").partition("\n")
            self.operations.append(
                Operation(
                    method=method,
                    path=self.root + path,
                    tag=self.tag,
                    name=run.__name__,
                    summary=summary.rstrip("."),
                    description=description.strip(),
                    status=status,
                    run=run,
                    path_model=takes.path,
                    body=_model(takes.named.get("body")),
                    body_is_optional=_is_optional(takes.named.get("body")),
                    query=_model(takes.named.get("query")),
                    headers=_model(takes.named.get("headers")),
                    told=_model(takes.gives),
                    location=location,
                    accepts=accepts,
                    produces=produces,
                    problems=problems,
                    is_public=is_public,
                    scope=scope,
                )
            )
            return run

        return enter


@dataclass(frozen=True)
class _Takes:
    path: type[BaseModel]
    named: Mapping[str, Any]
    gives: Any


def _takes(run: Run) -> _Takes:
    hints = get_type_hints(run, include_extras=True)
    gives = hints.pop("return")
    named: dict[str, Any] = {
        name: hints.pop(name) for name in ("body", "query", "headers") if name in hints
    }
    in_path = {name: (hint, ...) for name, hint in hints.items() if name != "call"}
    path = create_model(f"{run.__name__}_path", __config__=ConfigDict(extra="ignore"), **in_path)  # type: ignore[call-overload] # mypy knows no dictionary of fields
    return _Takes(path, named, gives)


def _is_optional(hint: Any) -> bool:
    return get_origin(hint) in {Union, types.UnionType} and type(None) in get_args(hint)


def _model(hint: Any) -> type[BaseModel] | None:
    choices = get_args(hint) if _is_optional(hint) else (hint,)
    models = [one for one in choices if isinstance(one, type) and issubclass(one, BaseModel)]
    return models[0] if models else None
