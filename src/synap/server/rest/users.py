"""The route of `user.profile`."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get
from litestar.params import FromPath

from synap.api.data import UserProfileAnswer
from synap.domain.scopes import Ids
from synap.server.rest.authentication import Application
from synap.server.rest.bodies import between, read_query


class ProfileQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The user's customer."""

    customer_id: str | None = None


@get(
    "/v1/users/{user:path}",
    opt={"query": ProfileQuery, "path": "/v1/users/{user_id}/profile"},
    summary="A user in short",
)
async def profile(
    request: Request[Any, Any, Any],
    user: FromPath[str],  # noqa: ARG001 - matched here, read from the raw path
    api: Application,
) -> UserProfileAnswer:
    """Return the profile at `/v1/users/<id>/profile`; published clients put the id there as it is, slashes included."""
    user_id = between(request, b"/v1/users/", b"/profile", field="user_id")
    query = read_query(request, ProfileQuery)
    # Published clients send "" for a customer that they do not have.
    ids = Ids.checked(user_id=user_id, customer_id=query.customer_id or None)
    return UserProfileAnswer(profile=await api.user_profile(ids=ids))
