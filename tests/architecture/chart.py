"""Renders the Helm chart without Helm: as much of Go's templates as the chart uses, and an error for anything else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

_TAG = re.compile(r"(\s*)\{\{-\s+(.*?)\s+-?\}\}|\{\{\s*(.*?)\s*-?\}\}", re.DOTALL)
_TERM = re.compile(r'"([^"]*)"|(\S+)')

Scope = Mapping[str, Any]


class Chart:
    """A chart's templates and default values."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.values: dict[str, Any] = yaml.safe_load((folder / "values.yaml").read_text())
        self.facts: dict[str, Any] = yaml.safe_load((folder / "Chart.yaml").read_text())
        self._defined: dict[str, list[Any]] = {}
        for node in _parse(_tokens((folder / "templates/_helpers.tpl").read_text())):
            if isinstance(node, tuple) and node[0] == "define":
                self._defined[node[1]] = node[2]

    def render(self, changed: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return the objects that the chart makes, with values changed on top of its own."""
        values = _merged(self.values, changed or {})
        scope = {"Values": values, "Chart": {"AppVersion": self.facts["appVersion"]}, "Release": {"Name": "synap"}}
        objects = []
        for file in sorted((self._folder / "templates").glob("*.yaml")):
            text = self._text(_parse(_tokens(file.read_text())), scope, {})
            objects += [one for one in yaml.safe_load_all(text) if one]
        self._text(_parse(_tokens((self._folder / "templates/NOTES.txt").read_text())), scope, {})
        return objects

    def _text(self, nodes: list[Any], scope: Scope, names: Scope) -> str:
        return "".join(self._node(node, scope, names) for node in nodes)

    def _node(self, node: Any, scope: Scope, names: Scope) -> str:
        if isinstance(node, str):
            return node
        kind, what, inside, otherwise = node
        if kind == "value":
            value = self._value(what, scope, names)
            return "" if value is None else str(value)
        if kind == "if":
            return self._text(inside if self._value(what, scope, names) else otherwise, scope, names)
        if kind == "range":
            found = re.fullmatch(r"\$(\w+), \$(\w+) := (.*)", what)
            assert found is not None, what
            key, value, source = found.groups()
            pairs = self._value(source, scope, names) or {}
            return "".join(self._text(inside, scope, {**names, key: one, value: two}) for one, two in pairs.items())
        raise AssertionError(f"the chart uses {kind} {what}, which is not known here")

    def _value(self, expression: str, scope: Scope, names: Scope) -> Any:
        first, *rest = expression.split(" | ")
        value = self._call(first, scope, names, None)
        for step in rest:
            value = self._call(step, scope, names, value)
        return value

    def _call(self, expression: str, scope: Scope, names: Scope, piped: Any) -> Any:
        terms = [
            quoted if bare == "" else self._look_up(bare, scope, names) for quoted, bare in _TERM.findall(expression)
        ]
        match expression.split(maxsplit=1)[0]:
            case "include":
                return self._text(self._defined[terms[1]], scope, names).strip("\n")
            case "quote":
                return '"' + str(piped).replace('"', '\\"') + '"'
            case "nindent":
                margin = " " * int(terms[1])
                return "\n" + "\n".join(margin + line if line else line for line in str(piped).splitlines())
            case "default":
                return piped or terms[1]
            case "toYaml":
                return yaml.safe_dump(terms[1], sort_keys=False).strip()
        assert len(terms) == 1, expression
        return terms[0]

    def _look_up(self, term: str, scope: Scope, names: Scope) -> Any:
        if term.startswith("$"):
            return names[term[1:]]
        if not term.startswith(".") or term == ".":
            return term
        found: Any = scope
        for part in term[1:].split("."):
            assert part in found, f"{term} is no value of the chart"
            found = found[part]
        return found


def _tokens(text: str) -> Iterator[str | tuple[str]]:
    """Yield text, and tags as tuples; `{{-` takes the white space before it."""
    at = 0
    for match in _TAG.finditer(text):
        trimmed = match[2] is not None
        yield text[at : match.start()]
        yield (match[2] if trimmed else match[3],)
        at = match.end()
    yield text[at:]


def _parse(tokens: Iterator[str | tuple[str]]) -> list[Any]:
    nodes, ended = _block(tokens)
    assert ended == "", f"an {ended} without a beginning"
    return nodes


def _block(tokens: Iterator[str | tuple[str]]) -> tuple[list[Any], str]:
    nodes: list[Any] = []
    for token in tokens:
        if isinstance(token, str):
            nodes.append(token)
            continue
        word, _, rest = token[0].partition(" ")
        if word in ("end", "else"):
            return nodes, word
        if word in ("if", "range", "define"):
            inside, ended = _block(tokens)
            otherwise = _block(tokens)[0] if ended == "else" else []
            nodes.append((word, rest.strip('"'), inside, otherwise))
        else:
            nodes.append(("value", token[0], [], []))
    return nodes, ""


def _merged(values: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(values)
    for name, value in changed.items():
        both = isinstance(value, Mapping) and isinstance(made.get(name), Mapping)
        made[name] = _merged(made[name], value) if both else value
    return made
