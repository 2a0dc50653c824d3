"""The OpenAPI document at `/schema`: read off the routes, the types of their bodies, and what their `opt` says.

A route's `opt` may hold: `body`, the type of its JSON body, or `content`, schemas by media type; `known`, members of the
body that come from the path; `optional`, members that may come from elsewhere; `list`, the member that holds several of
the bodies; `query`, the type of its query string; `answer`, the type of its answer, where the annotation does not tell;
`path`, the path as callers know it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from synap.server.rest.choices import CHOICES, LIST_OR_WORD, OR_OBJECT, PATH_CHOICES
from synap.version import __version__

PLAIN = "text/plain"
_JSON = "application/json"
_REFERENCES = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"\{(\w+)\}")
_SECURITY = {"api": ("applicationKey",), "admin": ("managementKey",), "key": ("applicationKey", "managementKey")}
_REFUSALS = {
    400: ("BadRequest", "Something in the request is wrong; `details.field` names it."),
    401: ("Unauthorized", "No key, or one that is unknown or revoked."),
    403: ("Forbidden", "The key may not do this."),
    404: ("NotFound", "Nothing is there that the caller may see."),
    409: ("Conflict", "Refused because of what is there already; or `instance_not_ready`, while the engine starts."),
    413: ("PayloadTooLarge", "The document or the body is above its limit."),
    429: ("TooManyRequests", "Come again after `Retry-After` seconds."),
    503: ("Unavailable", "The store is away; come again."),
}


class ErrorDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The class's dotted code, the id of the request in our log, and the argument at fault where there is one."""

    code: str
    correlation_id: str
    field: str | None = None


class Error(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every refusal; `detail` repeats the message as text, for 409, 429 and ids that do not fit as an object."""

    error: str
    message: str
    code: str
    details: ErrorDetails
    detail: str | dict[str, Any]
    retry_after_seconds: int | None = None
    fix: str | None = None


@get(["/schema", "/schema/openapi.json"], opt={"hidden": True}, summary="This document")
async def schema(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Return the OpenAPI document."""
    return described([route for route in request.app.routes if isinstance(route, HTTPRoute)])


def described(routes: Iterable[HTTPRoute]) -> dict[str, Any]:
    """Return the OpenAPI document of `routes`."""
    writer = _Writer()
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        for handler, method in _operations(route):
            path = str(handler.opt.get("path", route.path_format))
            paths.setdefault(path, {})[method.lower()] = writer.operation(handler, path)
    refusals = {name: writer.refusal(meaning) for name, meaning in _REFUSALS.values()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Synap", "version": __version__, "description": "The memory engine for AI agents."},
        "paths": {path: paths[path] for path in sorted(paths)},
        "components": {
            "schemas": writer.schemas(),
            "responses": refusals,
            "securitySchemes": {
                "applicationKey": _bearer("The key of an instance."),
                "managementKey": _bearer("The key of the operator."),
            },
        },
    }


class _Writer:
    """Writes operations, and gathers the types that they name."""

    def __init__(self) -> None:
        self._schemas: dict[str, Any] = {}
        self._ids: set[str] = set()

    def schemas(self) -> dict[str, Any]:
        """Return every type named so far, by name."""
        return dict(sorted(self._schemas.items()))

    def refusal(self, meaning: str) -> dict[str, Any]:
        """Return a response that carries our one error body."""
        return {"description": meaning, "content": {_JSON: {"schema": self._schema(Error)}}}

    def operation(self, handler: HTTPRouteHandler, path: str) -> dict[str, Any]:
        """Return what the document says of one method of one path."""
        parameters = [*_path_parameters(path), *self._query_parameters(handler.opt.get("query"))]
        body = self._body(handler.opt)
        security: list[dict[str, Any]] = [
            {scheme: []}
            for name, schemes in _SECURITY.items()
            if name in handler.parsed_fn_signature.parameters
            for scheme in schemes
        ]
        told = {
            "operationId": self._id(handler),
            "summary": handler.summary,
            "description": inspect.getdoc(handler.fn),
            "security": security,
            "parameters": parameters,
            "requestBody": body,
            "responses": {**self._success(handler), **(_refusals() if security else {})},
        }
        return {name: value for name, value in told.items() if value is not None and value != []} | {
            "security": security
        }

    def _id(self, handler: HTTPRouteHandler) -> str:
        name = getattr(handler.fn, "__name__", "operation")
        candidates = (name if number == 1 else f"{name}_{number}" for number in range(1, len(self._ids) + 3))
        free = next(candidate for candidate in candidates if candidate not in self._ids)
        self._ids.add(free)
        return free

    def _body(self, opt: Mapping[str, Any]) -> dict[str, Any] | None:
        if "content" in opt:
            content = {media: {"schema": schema} for media, schema in opt["content"].items()}
            return {"required": True, "content": content}
        if "body" not in opt:
            return None
        schema = self._body_schema(opt["body"], known=opt.get("known", ()), optional=opt.get("optional", ()))
        if "list" in opt:
            members = {opt["list"]: {"type": "array", "items": schema}, **opt.get("beside", {})}
            schema = {"type": "object", "properties": members, "required": [opt["list"]]}
        return {"required": True, "content": {_JSON: {"schema": schema}}}

    def _body_schema(
        self, kind: type[msgspec.Struct], *, known: Sequence[str], optional: Sequence[str]
    ) -> dict[str, Any]:
        """Return a body's schema; what comes from the path or the query gives it a form and a name of its own."""
        reference = self._schema(kind)
        if not known and not optional:
            return reference
        whole = self._schemas[kind.__name__]
        required = [name for name in whole.get("required", []) if name not in {*known, *optional}]
        members = {name: member for name, member in whole["properties"].items() if name not in known}
        name = f"{kind.__name__}Body"
        self._schemas[name] = {**whole, "title": name, "properties": members, "required": required}
        return {"$ref": _REFERENCES.format(name=name)}

    def _schema(self, kind: Any) -> dict[str, Any]:
        (reference,), components = msgspec.json.schema_components([kind], ref_template=_REFERENCES)
        for name, component in components.items():
            if name not in self._schemas:
                self._schemas[name] = _with_choices(name, component)
        return dict(reference)

    def _query_parameters(self, kind: type[msgspec.Struct] | None) -> list[dict[str, Any]]:
        if kind is None:
            return []
        ((_, *_), components) = msgspec.json.schema_components([kind], ref_template=_REFERENCES)
        whole = _with_choices(kind.__name__, components[kind.__name__])
        return [
            {
                "name": name,
                "in": "query",
                "required": name in whole.get("required", ()),
                "description": inspect.getdoc(kind) or "",
                "schema": _without_null(member),
            }
            for name, member in whole["properties"].items()
        ]

    def _success(self, handler: HTTPRouteHandler) -> dict[str, Any]:
        answer = handler.opt.get("answer", handler.parsed_fn_signature.return_type.annotation)
        if answer == PLAIN:
            content = {PLAIN: {"schema": {"type": "string"}}}
        else:
            content = {_JSON: {"schema": self._schema(answer)}}
        told: dict[str, Any] = {str(handler.status_code): {"description": handler.summary, "content": content}}
        for status, meaning in handler.opt.get("also", {}).items():
            told[str(status)] = {"description": meaning}
        return told


def _operations(route: HTTPRoute) -> Iterator[tuple[HTTPRouteHandler, str]]:
    for handler in route.route_handlers:
        if "hidden" not in handler.opt:
            for method in sorted(handler.http_methods):
                if method != "OPTIONS":
                    yield handler, method


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", **({"enum": list(PATH_CHOICES[name])} if name in PATH_CHOICES else {})},
        }
        for name in _PARAMETER.findall(path)
    ]


def _refusals() -> dict[str, Any]:
    return {str(status): {"$ref": f"#/components/responses/{name}"} for status, (name, _) in _REFUSALS.items()}


def _bearer(meaning: str) -> dict[str, Any]:
    return {"type": "http", "scheme": "bearer", "description": meaning}


def _with_choices(name: str, component: Mapping[str, Any]) -> dict[str, Any]:
    """Return a type's schema with the words that its members may hold, and the lists and texts for which a word or an object does as well."""
    members = dict(component.get("properties", {}))
    for member, words in CHOICES.get(name, {}).items():
        members[member] = _chosen(members[member], words)
    for member in LIST_OR_WORD.get(name, ()):
        lists = [one for one in _alternatives(members[member]) if one.get("type") == "array"]
        members[member] = {"anyOf": [{"type": "string"}, *lists, {"type": "null"}]}
    for member in OR_OBJECT.get(name, ()):
        kept = {key: value for key, value in members[member].items() if key not in ("anyOf", "type")}
        members[member] = {"anyOf": [*_alternatives(members[member]), {"type": "object"}], **kept}
    return {**component, "properties": members} if members else dict(component)


def _chosen(member: Mapping[str, Any], words: Sequence[str]) -> dict[str, Any]:
    if "anyOf" not in member:
        return {**member, "enum": list(words)}
    choices = [{**one, "enum": list(words)} if one.get("type") == "string" else one for one in member["anyOf"]]
    return {**member, "anyOf": choices}


def _alternatives(member: Mapping[str, Any]) -> list[Any]:
    return list(member["anyOf"]) if "anyOf" in member else [dict(member)]


def _without_null(member: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a member as a query parameter, which is there or not, but never null."""
    kept = {name: value for name, value in member.items() if name != "anyOf" and not (name == "default" and not value)}
    values = [one for one in _alternatives(member) if one.get("type") != "null"]
    return {**kept, **values[0]} if "anyOf" in member else dict(member)
