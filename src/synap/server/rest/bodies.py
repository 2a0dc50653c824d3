"""What comes in and goes out of a route: JSON bodies, query strings, answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec
from litestar import Request, Response
from litestar.exceptions import NotFoundException
from litestar.types import Scope, Serializer

from synap.api.admin import ReadPage
from synap.api.requests import build, parse_object
from synap.domain.scopes import Ids
from synap.errors import InvalidInputError

Struct = TypeVar("Struct", bound=msgspec.Struct)
Content = TypeVar("Content")
Row = TypeVar("Row")

CORRELATION = "synap.correlation_id"
"""Where the request's correlation id stands in its ASGI scope."""

GATE = "synap.gate"
"""Where the gate to the engine stands in it."""

METRICS = "synap.metrics"
"""Where the measurements of the door stand in it."""


_MISNAMED = {
    **dict.fromkeys(("userid", "userId", "UserId", "user"), "user_id"),
    **dict.fromkeys(("customerid", "customerId", "CustomerId", "customer"), "customer_id"),
}


class Page(msgspec.Struct, Generic[Row], frozen=True, kw_only=True):
    """A page of a list."""

    data: tuple[Row, ...]
    page: int
    page_size: int
    total: int
    total_pages: int


class OwnerQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a row is said to be; where given, it must be true."""

    customer_id: str | None = None
    user_id: str | None = None


class WireResponse(Response[Content]):
    """JSON whose moments carry an offset (`+00:00`), which every published client can read."""

    def render(self, content: Any, media_type: str, enc_hook: Serializer | None = None) -> bytes:  # noqa: ARG002 - the base class's signature
        """Return `content` as bytes."""
        return content if isinstance(content, bytes) else encode(content)


def encode(value: Any) -> bytes:
    """Return `value`, made of structs and plain values, as JSON."""
    plain = msgspec.to_builtins(value, builtin_types=(datetime,), str_keys=True)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"), default=datetime.isoformat).encode()


def correlation_of(scope: Scope) -> str:
    """Return the correlation id of a request."""
    return str(dict(scope).get(CORRELATION, ""))


def carried(scope: Scope, name: str) -> Any:
    """Return what the door put into a request's scope under a name of ours."""
    values: Any = scope
    return values[name]


async def read_object(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Return the JSON object in the body.

    Raises:
        InvalidInputError: It holds none, or a `scope`, which only instances with a nested ladder take.
    """
    values = parse_object(await request.body())
    _refuse_ladder(values)
    return values


async def read_body(request: Request[Any, Any, Any], kind: type[Struct], **known: str) -> Struct:
    """Return the body as a request of `kind`; `known` comes from the path and stands over the body.

    Where the path names a row, ids in the body say whose it must be: there an empty one is an id like any other, and none.

    Raises:
        InvalidInputError: The body is malformed, a value of the wrong type, or an owner's id misnamed; `field` names it.
    """
    values = await read_object(request)
    if "user_id" in kind.__struct_fields__:
        refuse_misnamed(values)
    return build(kind, {**(values if known else without_empty_customer(values)), **known})


def read_query(request: Request[Any, Any, Any], kind: type[Struct]) -> Struct:
    """Return the query string as a request of `kind`.

    Raises:
        InvalidInputError: A parameter is given twice, is no UTF-8, or no integer where one belongs.
    """
    numbers = {field.encode_name for field in msgspec.structs.fields(kind) if field.type is int}
    values: dict[str, Any] = {}
    for name, text in read_pairs(request.scope["query_string"]):
        if name in values:
            raise InvalidInputError(f"{name} must be given once", field=name)
        values[name] = _integer(name, text) if name in numbers else text
    return build(kind, values)


def read_owner(request: Request[Any, Any, Any]) -> Ids:
    """Return the ids in the query string."""
    query = read_query(request, OwnerQuery)
    return Ids.checked(customer_id=query.customer_id, user_id=query.user_id)


def check_row(values: Mapping[str, Any]) -> None:
    """Check that a row of a batch names its owner as this door knows it.

    Raises:
        InvalidInputError: It carries a `scope`, or an owner's id under another name.
    """
    _refuse_ladder(values)
    refuse_misnamed(values)


def without_empty_customer(values: Any) -> Any:
    """Return a body, or a row of one, without the "" that published integrations send for a user who has no customer.

    Beside a user the "" can widen nothing: where customers are kept apart the missing one is refused. Without a user it
    stays, to be refused: what a customer was meant to own must not become everybody's.
    """
    if isinstance(values, dict) and values.get("customer_id") == "" and values.get("user_id"):
        return {name: value for name, value in values.items() if name != "customer_id"}
    return values


def _refuse_ladder(values: Mapping[str, Any]) -> None:
    """Refuse a `scope` path: an instance has a nested ladder only where its account defines one, and none does yet."""
    if values.get("scope") not in (None, {}, ""):
        raise InvalidInputError(
            "scope is for instances with nested scopes, which this one has not; give customer_id and user_id",
            field="scope",
        )


def refuse_misnamed(values: Mapping[str, Any]) -> None:
    """Refuse an owner's id under another name: ignored as unknown, it would leave what is written to a broader scope."""
    for name, right in _MISNAMED.items():
        if values.get(name) is not None:
            raise InvalidInputError(f"{name} is not known here: write {right}", field=name)


def paged(rows: tuple[Row, ...], query: ReadPage) -> Page[Row]:
    """Return a page of `rows` in the envelope that every list has.

    Raises:
        InvalidInputError: The page or its size is out of range.
    """
    if query.page < 1:
        raise InvalidInputError(f"page must be at least 1, not {query.page}", field="page")
    if not 1 <= query.page_size <= 100:  # noqa: PLR2004 - the documented page limit
        raise InvalidInputError(f"page_size must lie between 1 and 100, not {query.page_size}", field="page_size")
    start = (query.page - 1) * query.page_size
    return Page(
        data=rows[start : start + query.page_size],
        page=query.page,
        page_size=query.page_size,
        total=len(rows),
        total_pages=-(-len(rows) // query.page_size),
    )


def unquoted(raw: bytes, *, field: str) -> str:
    """Return percent-encoded bytes as text.

    Raises:
        InvalidInputError: They are no UTF-8.
    """
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{field} must be percent-encoded UTF-8", field=field) from error


def read_pairs(query_string: bytes) -> list[tuple[str, str]]:
    """Return the names and values of a query string, or of a form in that notation.

    Raises:
        InvalidInputError: One is no UTF-8.
    """
    pairs = []
    for part in query_string.split(b"&"):
        if part:
            raw_name, _, raw_value = part.replace(b"+", b" ").partition(b"=")
            name = unquoted(raw_name, field="query")
            pairs.append((name, unquoted(raw_value, field=name)))
    return pairs


def between(request: Request[Any, Any, Any], prefix: bytes, suffix: bytes, *, field: str) -> str:
    """Return the id between prefix and suffix of a path as it was sent: the router's own would lose double slashes.

    Raises:
        NotFoundException: The path is not of that form.
        InvalidInputError: The id is no percent-encoded UTF-8.
    """
    raw_path = request.scope.get("raw_path") or request.scope["path"].encode()
    path = raw_path.partition(b"?")[0]
    if not (path.startswith(prefix) and path.endswith(suffix) and len(path) > len(prefix) + len(suffix)):
        raise NotFoundException
    return unquoted(path[len(prefix) : -len(suffix)], field=field)


def _integer(name: str, text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):  # noqa: PLR2004 - fits 64 bits
        raise InvalidInputError(f"{name} must be an integer, not {text[:40]!r}", field=name)
    return int(text)
