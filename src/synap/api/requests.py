"""Requests made out of what a caller gave: plain values checked for type, Unicode, depth and dates, the same at every door.

The SDK and the routes both build their requests here, so that a wrong argument is refused with the same class, code,
field and message in process and over the wire. What a value may be (ranges, names, ids) is judged by the engine.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from typing import Any, TypeVar

import msgspec

from synap.api.contexts import FetchContext, WhyNot
from synap.api.conversations import RecordMessage
from synap.api.events import ConversationEvent
from synap.api.memories import CreateMemory, UploadMemory
from synap.domain.echoes import LONGEST_ECHO, echo
from synap.domain.ids import check_caller_id
from synap.errors import InvalidInputError

MAX_DEPTH = 64
"""How deeply lists and objects of one request may be nested."""

Request = TypeVar("Request", bound=msgspec.Struct)

_DATES = frozenset(
    {"document_created_at", "as_of", "event_date", "valid_from", "valid_until", "timestamp", "started_at", "ended_at"}
)
_LISTS_WITH_DATES = frozenset({"document", "memories", "transcript"})
_TURNS = ("messages", "turns")
_IDS = ("customer_id", "user_id", "conversation_id")
_EXPECTED = re.compile(r"^Expected `(?P<want>[^`]+)`, got `(?P<got>[^`]+)`(?: - at `(?P<path>[^`]*)`)?")
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]+)`(?: - at `(?P<path>[^`]*)`)?")
_ELSEWHERE = re.compile(r"^(?P<problem>.*?)(?: - at `(?P<path>[^`]*)`)?$")
_NAMES = {dict: "object", list: "array", str: "str", bool: "bool", int: "int", float: "float", type(None): "null"}
_WORDS = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "datetime": "an ISO 8601 date",
    "null": "null",
}


def build(kind: type[Request], values: Mapping[str, Any]) -> Request:
    """Return a request of `kind` out of named values.

    Null stands for an argument left out, names that `kind` does not know are ignored, and dates may be `datetime`
    objects or ISO 8601 text. A document may be an object: see `_document`.

    Raises:
        InvalidInputError: A value is missing, of the wrong type, not JSON, not Unicode, or nested too deeply; `field`
            is its path (`document[2].content`).
    """
    known = set(kind.__struct_fields__)
    given = {name: _plain(value, name, 1) for name, value in values.items() if name in known and value is not None}
    if isinstance(values.get("document"), Mapping) and "document" in given:
        given["document"] = _document(given["document"], turns=kind is CreateMemory)
    try:
        return msgspec.convert(_dated(given, ""), kind)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error


def upload_memory(values: Mapping[str, Any], content: bytes) -> UploadMemory:
    """Return the request that hands a file in, out of its bytes and named values; see `build`."""
    return msgspec.structs.replace(build(UploadMemory, {**values, "content": ""}), content=content)


def checked(request: Request) -> Request:
    """Return `request` built anew from its own values, so that what it holds has the types that it declares.

    Raises:
        InvalidInputError: As `build`; or the refusal that `batch_of` left in it.
    """
    values = msgspec.structs.asdict(request)
    for value in values.values():
        if isinstance(value, InvalidInputError):
            raise value
    return build(type(request), values)


def batch_of(
    kind: type[Request], items: Sequence[Any], check: Callable[[Mapping[str, Any]], None] | None = None
) -> tuple[Request, ...]:
    """Return one request per item; an item is a mapping or a request.

    An item that cannot be built is passed on with its values as they are, so that `checked` refuses it where the rows
    of a batch are judged, and the other rows are not held up. One that is neither mapping nor request, or that `check`
    refuses, carries its refusal in the place of its text, to the same end.
    """
    return tuple(_lenient(kind, item, check) for item in items)


def create_batch(
    items: Sequence[Any], check: Callable[[Mapping[str, Any]], None] | None = None
) -> tuple[CreateMemory, ...]:
    """Return the documents of a batch; see `batch_of`."""
    return batch_of(CreateMemory, items, check)


def message_batch(
    items: Sequence[Any], check: Callable[[Mapping[str, Any]], None] | None = None
) -> tuple[RecordMessage, ...]:
    """Return the messages of a batch; see `batch_of`."""
    return batch_of(RecordMessage, items, check)


def event_batch(
    items: Sequence[Any], check: Callable[[Mapping[str, Any]], None] | None = None
) -> tuple[ConversationEvent, ...]:
    """Return the events of a batch; see `batch_of`."""
    return batch_of(ConversationEvent, items, check)


def fetch_context(target: str, values: Mapping[str, Any]) -> FetchContext:
    """Return the request of `target`'s fetch; queries, types and scopes may be one word instead of a list.

    Ids that the target does not use are kept: the engine checks them as all others, and reads nothing by them.

    Raises:
        InvalidInputError: As `build`; or an id is no proper one.
    """
    given = dict(values)
    for name in ("search_query", "types", "scopes"):
        if isinstance(given.get(name), str):
            given[name] = [given[name]]
    for name in _IDS:
        if given.get(name) is not None:
            check_caller_id(given[name], field=name)
    return build(FetchContext, {**given, "target": target})


def why_not_request(values: Mapping[str, Any]) -> WhyNot:
    """Return the question why a memory is not served; types and scopes may be one word instead of a list.

    Raises:
        InvalidInputError: As `build`.
    """
    given = dict(values)
    for name in ("types", "scopes"):
        if isinstance(given.get(name), str):
            given[name] = [given[name]]
    return build(WhyNot, given)


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`. Lone surrogates and NaN pass here and are refused, by name, in `build`.

    Raises:
        InvalidInputError: Not UTF-8, not JSON, nested too deeply, or not an object.
    """
    value = parse_json(body)
    if not isinstance(value, dict):
        raise InvalidInputError(f"the request body must be a JSON object, not {_word_of(value)}")
    return value


def parse_json(body: bytes) -> Any:
    """Return the JSON value in `body`; see `parse_object`."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _parse_leniently(body)
    except RecursionError as error:
        raise InvalidInputError(f"the request body must not be nested deeper than {MAX_DEPTH} levels") from error


def moment(text: str, *, field: str) -> datetime:
    """Return the moment that ISO 8601 text stands for; a bare date is its first second.

    Raises:
        InvalidInputError: It cannot be read.
    """
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidInputError(
            f"{field} must be an ISO 8601 date such as 2026-05-03T10:00:00+00:00, not {echo(text)}", field=field
        ) from error


def _parse_leniently(body: bytes) -> Any:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"the request body must be UTF-8: byte {error.start} is not") from error
    try:
        return json.loads(text)
    except RecursionError as error:
        raise InvalidInputError(f"the request body must not be nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise InvalidInputError(f"the request body must be JSON: {error}") from error


def _lenient(kind: type[Request], item: Any, check: Callable[[Mapping[str, Any]], None] | None) -> Request:
    values = msgspec.structs.asdict(item) if isinstance(item, kind) else item
    if not isinstance(values, Mapping):
        return _raw(kind, {_content_field(kind): InvalidInputError(f"a row must be an object, not {_type_of(item)}")})
    try:
        if check is not None:
            check(values)
    except InvalidInputError as refusal:
        return _raw(kind, {**values, _content_field(kind): refusal})
    try:
        return build(kind, values)
    except InvalidInputError as refusal:
        # An object could pass for a document once it has travelled as JSON, which this one, or what is beside it, cannot.
        whole = values.get("document") is None or isinstance(values["document"], str | list | tuple | int | float)
        return _raw(kind, values if whole else {**values, "document": refusal})


def _raw(kind: type[Request], values: Mapping[str, Any]) -> Request:
    """Return a request that holds `values` as they are, and None for what is required and missing."""
    given = {name: values.get(name) for name in kind.__struct_fields__ if values.get(name) is not None}
    missing = {field.encode_name: None for field in msgspec.structs.fields(kind) if field.required}
    return kind(**{**missing, **given})


def _content_field(kind: type[msgspec.Struct]) -> str:
    return "document" if kind is CreateMemory else "content"


def _document(value: dict[str, Any], *, turns: bool) -> str | list[Any]:
    """Return a document given as an object: its turns, where it holds them and nothing else; else its JSON text.

    An empty one is no document, as is empty text.
    """
    if turns and len(value) == 1:
        ((name, inside),) = value.items()
        if name in _TURNS and isinstance(inside, list) and inside and all(map(_is_turn, inside)):
            return inside
    return json.dumps(value, ensure_ascii=False) if value else ""


def _is_turn(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("content"), str)


def _plain(value: Any, at: str, depth: int) -> Any:
    """Return `value` as JSON knows it: structs and dataclasses as objects, dates as text."""
    if isinstance(value, str):
        return _text(value, at)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidInputError(f"{at} must be a finite number", field=_argument(at))
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return _plain_container(value, at, depth)


def _plain_container(value: Any, at: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        root = re.split(r"[.\[]", at, maxsplit=1)[0]
        raise InvalidInputError(f"{root} must not be nested deeper than {MAX_DEPTH} levels", field=root)
    if isinstance(value, list | tuple):
        return [_plain(item, f"{at}[{index}]", depth + 1) for index, item in enumerate(value)]
    members = _members(value)
    if members is None:
        raise InvalidInputError(f"{at} must be JSON, not {type(value).__name__}", field=_argument(at))
    plain = {}
    for name, member in members.items():
        if not isinstance(name, str):
            raise InvalidInputError(f"{at} must have text keys, not {type(name).__name__}", field=_argument(at))
        plain[_text(name, at)] = _plain(member, f"{at}.{name[:LONGEST_ECHO]}", depth + 1)
    return plain


def _members(value: Any) -> Mapping[Any, Any] | None:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return None


def _text(value: str, at: str) -> str:
    if "\x00" in value:
        raise InvalidInputError(f"{at} must not contain the NUL character", field=_argument(at))
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise InvalidInputError(
                f"{at} must be valid Unicode: it holds a lone surrogate at position {error.start}", field=_argument(at)
            ) from error
    return str.__str__(value)


def _dated(values: dict[str, Any], at: str) -> dict[str, Any]:
    """Return `values` with the dates of the request and of its turns and memories read; metadata is left alone."""
    read = dict(values)
    for name, value in values.items():
        path = f"{at}{name}"
        if name in _DATES and isinstance(value, str):
            read[name] = moment(value, field=path)
        elif name in _LISTS_WITH_DATES and isinstance(value, list):
            read[name] = [
                _dated({key: member for key, member in item.items() if member is not None}, f"{path}[{index}].")
                if isinstance(item, dict)
                else item
                for index, item in enumerate(value)
            ]
    return read


def _refusal(problem: str) -> InvalidInputError:
    if found := _MISSING.match(problem):
        field = _path(found["path"], found["name"])
        return InvalidInputError(f"{field} is required", field=_argument(field))
    if found := _EXPECTED.match(problem):
        field = _path(found["path"])
        wanted = " or ".join(_WORDS.get(word, word) for word in found["want"].split(" | ") if word != "null")
        return InvalidInputError(
            f"{field} must be {wanted}, not {_WORDS.get(found['got'], found['got'])}", field=_argument(field)
        )
    found = _ELSEWHERE.match(problem)
    field = _path(found["path"] if found else None)
    return InvalidInputError(f"{field}: {found['problem'] if found else problem}", field=_argument(field))


def _path(path: str | None, *more: str) -> str:
    parts = [part for part in ((path or "").removeprefix("$").removeprefix("."), *more) if part]
    return ".".join(parts)


def _word_of(value: Any) -> str:
    return _WORDS[_NAMES[type(value)]]


def _type_of(value: Any) -> str:
    return _word_of(value) if type(value) in _NAMES else type(value).__name__


def _argument(path: str) -> str:
    """Return the argument that a path belongs to: inside metadata, whose keys are the caller's own words, `metadata`."""
    return "metadata" if path.startswith(("metadata.", "metadata[")) else path
