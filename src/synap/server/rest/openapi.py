"""The OpenAPI document at `/schema`, with the bodies and query strings that routes read by themselves."""

from __future__ import annotations

import inspect
import json
from typing import Any

import msgspec
from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import HTTPRoute

_REFERENCES = "#/components/schemas/{name}"


class SchemaPlugin(JsonRenderPlugin):
    """Renders the document as JSON at `/schema` and `/schema/openapi.json`."""

    def __init__(self) -> None:
        super().__init__(path=["/", "/openapi.json"])

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the document's bytes."""
        routes = [route for route in request.app.routes if isinstance(route, HTTPRoute)]
        return json.dumps(completed(openapi_schema, routes)).encode()


def completed(document: dict[str, Any], routes: list[HTTPRoute]) -> dict[str, Any]:
    """Return an OpenAPI document with what each route's `opt` says of its body and its query string."""
    paths = {path: dict(operations) for path, operations in document.get("paths", {}).items()}
    components = dict(document.get("components", {}))
    schemas = dict(components.get("schemas", {}))
    for route in routes:
        for handler in route.route_handlers:
            for method in handler.http_methods:
                operation = paths.get(route.path_format, {}).get(method.lower())
                if operation is not None:
                    paths[route.path_format][method.lower()] = _described(operation, handler, schemas)
    return {**document, "paths": paths, "components": {**components, "schemas": schemas}}


def _described(operation: dict[str, Any], handler: HTTPRouteHandler, schemas: dict[str, Any]) -> dict[str, Any]:
    described = dict(operation)
    body, query = handler.opt.get("body"), handler.opt.get("query")
    if body is not None:
        schema = _schema(body, schemas)
        if "list" in handler.opt:
            schema = {"type": "object", "properties": {handler.opt["list"]: {"type": "array", "items": schema}}}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if query is not None:
        described["parameters"] = [*described.get("parameters", []), *_parameters(query)]
    return described


def _schema(kind: type[msgspec.Struct], schemas: dict[str, Any]) -> dict[str, Any]:
    (reference,), components = msgspec.json.schema_components([kind], ref_template=_REFERENCES)
    for name, schema in components.items():
        schemas.setdefault(name, schema)
    return dict(reference)


def _parameters(kind: type[msgspec.Struct]) -> list[dict[str, Any]]:
    meaning = inspect.getdoc(kind) or ""
    return [
        {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "description": meaning,
            "schema": {"type": "integer" if field.type is int else "string"},
        }
        for field in msgspec.structs.fields(kind)
    ]
