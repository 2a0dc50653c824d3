"""Routes of `*.context.fetch` and of the cache behind the client's."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.params import FromPath

from synap.api.answers import FetchAnswer
from synap.api.contexts import FetchContext
from synap.api.requests import fetch_context
from synap.api.wire import encode_answer
from synap.domain.contexts import ResponseShape
from synap.errors import NotFoundError
from synap.server.rest.authentication import Application
from synap.server.rest.bodies import read_object
from synap.server.rest.choices import TARGETS

_OK, _UNPROCESSABLE = 200, 422
_NOT_SO = "A setting is out of its range, or not for whose context is fetched; `details.field` names it."


@post(
    "/v1/context/{target:str}/fetch",
    status_code=_OK,
    opt={"body": FetchContext, "known": ("target",), "answer": FetchAnswer, "also": {_UNPROCESSABLE: _NOT_SO}},
    summary="Fetch context",
)
async def fetch(request: Request[Any, Any, Any], target: FromPath[str], api: Application) -> dict[str, Any]:
    """Return the context of a user, a customer, the client or a conversation."""
    if target not in TARGETS:
        raise NotFoundError(f"there is no context of a {target[:40]}; there is one of {', '.join(TARGETS)}")
    asked = fetch_context(target, _without_empty_ids(target, await read_object(request)))
    return encode_answer(await api.fetch_context(asked), ranked=asked.response_shape == ResponseShape.RANKED)


def _without_empty_ids(target: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return a body without the "" that published clients send for an id they do not have.

    A user's context needs its user: there an empty `user_id` stays, to be refused.
    """
    absent = ("customer_id",) if target == "user" else ("customer_id", "user_id")
    return {name: value for name, value in values.items() if not (name in absent and value == "")}


@post("/v1/context/client/invalidate", status_code=_OK, summary="Forget cached answers of the client's scope")
async def invalidate(api: Application) -> dict[str, int]:
    """Forget cached answers; says how many."""
    return {"invalidated": await api.invalidate_client_cache()}
