"""Reading the YAML text of a configuration, without letting the text do any harm.

Refused are: more than 64 KiB, more than 12 levels, anchors and aliases (by which a short text can grow without
bounds), tags, and keys given twice (of which YAML readers silently drop one).
"""

from __future__ import annotations

from typing import Any

import yaml

from synap.errors import InvalidInputError

MAX_BYTES = 64 * 1024
MAX_DEPTH = 12

FIELD = "config"


def parse(text: str) -> dict[Any, Any]:
    """Return the mapping that a YAML text holds; an empty text holds an empty one.

    Raises:
        InvalidInputError: The text is no YAML, holds no mapping, or is one of the things refused above.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InvalidInputError(f"the configuration must be at most {MAX_BYTES // 1024} KiB of YAML", field=FIELD)
    try:
        _check_events(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        _check_keys(node)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidInputError(f"the configuration is not valid YAML{_where(error)}", field=FIELD) from error
    except (ValueError, RecursionError) as error:  # a date such as 2024-99-99, or flow brackets without end
        raise InvalidInputError(
            f"the configuration holds a value that YAML cannot read: {error}", field=FIELD
        ) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InvalidInputError(
            f"the configuration must be a mapping of keys, not {type(content).__name__}", field=FIELD
        )
    return content


def _check_events(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refused("anchors and aliases (& and *) are not taken: write the values out", event)
        if getattr(event, "tag", None):
            raise _refused("tags (!) are not taken", event)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _refused(f"it is nested deeper than {MAX_DEPTH} levels", event)


def _check_keys(node: yaml.Node | None) -> None:
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _check_keys(child)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _refused("keys must be words", key)
        if key.value in seen:
            raise _refused(f"key {key.value!r} is given twice", key)
        seen.add(key.value)
        _check_keys(value)


def _refused(reason: str, at: yaml.Event | yaml.Node) -> InvalidInputError:
    line = "" if at.start_mark is None else f" (line {at.start_mark.line + 1})"
    return InvalidInputError(f"the configuration is refused: {reason}{line}", field=FIELD)


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be read"
    return f": {problem}" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1}): {problem}"
