"""The OpenAPI 3.1 document, from the operations and their models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.api.operation import Operation
from bot.api.problems import MEDIA, Problem

REF = "#/components/schemas/{model}"

Schema = dict[str, Any]
Mode = Literal["validation", "serialization"]

_SAID = {
    400: "The request cannot be read.",
    401: "The token is missing or wrong.",
    403: "The approver lacks the role that is needed.",
    404: "What was named does not exist.",
    409: "The incident is not in a state that allows this, or the hash is stale.",
    413: "The body is too large.",
    415: "The body is of the wrong media type.",
    422: "A field is not valid; `errors` lists all of them.",
    503: "A part that Sitrep stands on cannot work at the moment.",
}


def document(operations: Sequence[Operation]) -> Schema:
    """Return the document of these operations."""
    refs, definitions = models_json_schema(_models(operations), ref_template=REF)
    paths: dict[str, Schema] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sitrep",
            "version": _version(),
            "summary": "Incident communications for organisations on Microsoft 365.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in operations)],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _models(operations: Iterable[Operation]) -> list[tuple[type[BaseModel], Mode]]:
    models: dict[tuple[type[BaseModel], Mode], None] = {(Problem, "serialization"): None}
    for operation in operations:
        if operation.body:
            models[operation.body, "validation"] = None
        if operation.told:
            models[operation.told, "serialization"] = None
    return list(models)


def _operation(operation: Operation, refs: Any) -> Schema:
    described: Schema = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": list(_parameters(operation)),
        "responses": _responses(operation, refs),
    }
    if operation.description:
        described["description"] = " ".join(operation.description.split())
    if operation.is_public:
        described["security"] = []
    body = _body(operation, refs)
    if body:
        described["requestBody"] = body
    return described


def _parameters(operation: Operation) -> Iterator[Schema]:
    for where, model in (
        ("path", operation.path_model),
        ("query", operation.query),
        ("header", operation.headers),
    ):
        if model is None:
            continue
        schema = model.model_json_schema(by_alias=True)
        required = schema.get("required", [])
        for name, shape in schema.get("properties", {}).items():
            shape.pop("title", None)
            told = shape.pop("description", "")
            yield {
                "name": name,
                "in": where,
                "required": name in required,
                "schema": _inlined(shape, schema.get("$defs", {})),
                **({"description": told} if told else {}),
            }


def _inlined(shape: Any, definitions: Schema) -> Any:
    """Return a parameter's schema whole: it has no definitions of its own to point to."""
    if isinstance(shape, dict):
        if "$ref" in shape:
            found = definitions[shape["$ref"].rsplit("/", 1)[-1]]
            return _inlined(
                {**found, **{k: v for k, v in shape.items() if k != "$ref"}}, definitions
            )
        return {name: _inlined(value, definitions) for name, value in shape.items()}
    if isinstance(shape, list):
        return [_inlined(one, definitions) for one in shape]
    return shape


def _body(operation: Operation, refs: Any) -> Schema | None:
    if operation.body is not None:
        schema = refs[operation.body, "validation"]
        content = {"application/json": {"schema": schema}}
        return {"required": not operation.body_is_optional, "content": content}
    if operation.method == "PUT" or operation.accepts != ("application/json",):
        return {
            "required": True,
            "content": {media: {"schema": {"type": "string"}} for media in operation.accepts},
        }
    return None


def _responses(operation: Operation, refs: Any) -> Schema:
    answer: Schema = {"description": f"{operation.summary}: done."}
    if operation.told is not None:
        schema = refs[operation.told, "serialization"]
        answer["content"] = {"application/json": {"schema": schema}}
    else:
        answer["content"] = {media: {"schema": {"type": "string"}} for media in operation.produces}
    if operation.location:
        answer["headers"] = {
            "Location": {"schema": {"type": "string"}, "description": "Where to read it."}
        }
    problem = {"schema": refs[Problem, "serialization"]}
    return {
        str(operation.status): answer,
        **{
            str(status): {"description": _SAID[status], "content": {MEDIA: problem}}
            for status in sorted(_problems(operation))
        },
    }


def _problems(operation: Operation) -> Iterator[int]:
    yield from set(operation.problems) | set(_always(operation))


def _always(operation: Operation) -> Iterator[int]:
    if not operation.is_public:
        yield from (401, 503)
    if operation.path_model.model_fields:
        yield 404
    if operation.body is not None:
        yield from (400, 413, 415, 422)
    yield 422


def _version() -> str:
    try:
        return version("sitrep")
    except PackageNotFoundError:
        return "0"
