"""Forms: a file, or text, with named values beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType

from synap.api.requests import parse_json
from synap.errors import InvalidInputError
from synap.server.rest.bodies import check_row, read_pairs, without_empty_customer

MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"

_JSON = ("metadata", "scope")
_OWNERS = ("user_id", "customer_id")
"""Fields that are no less given for being empty: what was meant for one owner must not become everybody's."""

_TEXT = (
    "text",
    "filename",
    "user_id",
    "customer_id",
    "document_type",
    "mode",
    "document_id",
    "document_created_at",
    "on_duplicate",
    "relationship_type",
)
_FIELDS: dict[str, Any] = {
    **{name: {"type": "string"} for name in _TEXT},
    **{name: {"type": "string", "contentMediaType": "application/json"} for name in _JSON},
}
SCHEMA = {
    MULTIPART: {"type": "object", "properties": {**_FIELDS, "file": {"type": "string", "format": "binary"}}},
    URLENCODED: {"type": "object", "properties": _FIELDS, "required": ["text"]},
}
"""What a form may hold, for the schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFile:
    """A file of a form."""

    name: str
    content: bytes


async def read_form(request: Request[Any, Any, Any]) -> tuple[dict[str, Any], FormFile | None]:
    """Return the values of a form, `metadata` read as JSON, and its part `file`.

    Raises:
        InvalidInputError: It is no form, a value is given twice, no UTF-8 or no JSON, a part that is not `file` is a
            file, there is a `scope`, or an owner's id is misnamed.
    """
    kind = request.content_type[0]
    if kind == RequestEncodingType.URL_ENCODED:
        fields: list[tuple[str, Any]] = list(read_pairs(await request.body()))
    elif kind == RequestEncodingType.MULTI_PART:
        fields = await _parts(request)
    else:
        raise InvalidInputError(f"the body must be a form: {MULTIPART} with a file, or {URLENCODED} with text")
    values: dict[str, Any] = {}
    file = None
    for name, value in fields:
        if name in values or (name == "file" and file is not None):
            raise InvalidInputError(f"{name} must be given once", field=name)
        if isinstance(value, FormFile):
            if name != "file":
                raise InvalidInputError(f"{name} must be text: the file belongs into the part `file`", field=name)
            file = value
        elif value or name in _OWNERS:
            values[name] = _value(name, value)
    check_row(values)
    return without_empty_customer(values), file


async def _parts(request: Request[Any, Any, Any]) -> list[tuple[str, Any]]:
    try:
        form = await request.form()
    except UnicodeDecodeError as error:
        raise InvalidInputError("the fields of a form must be UTF-8") from error
    try:
        return [
            (name, FormFile(name=part.filename, content=await part.read()) if isinstance(part, UploadFile) else part)
            for name, part in form.multi_items()
        ]
    finally:
        await form.close()


def _value(name: str, text: str) -> Any:
    if name not in _JSON:
        return text
    try:
        value = parse_json(text.encode("utf-8", "surrogatepass"))
    except InvalidInputError as error:
        raise InvalidInputError(f"{name} must be a JSON object as text", field=name) from error
    if not isinstance(value, dict):
        raise InvalidInputError(f"{name} must be a JSON object as text", field=name)
    return value
