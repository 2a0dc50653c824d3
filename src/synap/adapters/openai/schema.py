"""The JSON schema of a shape, as strict servers want it: every property required, nothing beside, bounds left out."""

from __future__ import annotations

from typing import Any

import msgspec

_KEPT = frozenset({"$ref", "anyOf", "description", "enum", "items", "type"})
_DEFINITIONS = "#/$defs/"


def strict_schema(shape: type) -> dict[str, Any]:
    """Return the schema of a `msgspec.Struct` for `response_format` with `strict`: an object, its definitions beside it.

    A property with a default becomes required too, which is what the strict mode of the protocol asks for.
    """
    schema = msgspec.json.schema(shape)
    definitions = {name: _strict(part) for name, part in schema.get("$defs", {}).items()}
    top = definitions.pop(schema["$ref"].removeprefix(_DEFINITIONS))
    return top | ({"$defs": definitions} if definitions else {})


def _strict(node: dict[str, Any]) -> dict[str, Any]:
    kept = {key: _parts(value) for key, value in node.items() if key in _KEPT}
    if "properties" in node:
        properties = {name: _strict(part) for name, part in node["properties"].items()}
        kept |= {"properties": properties, "required": list(properties), "additionalProperties": False}
    return kept


def _parts(value: Any) -> Any:
    if isinstance(value, dict):
        return _strict(value)
    return [_parts(part) for part in value] if isinstance(value, list) else value
