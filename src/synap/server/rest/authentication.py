"""Who calls: from the bearer key to the operations that it opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from synap.api.protocol import AdminApi, Api
from synap.engine.callers import Caller
from synap.errors import AuthenticationError, ForbiddenError
from synap.server.backend import Backend, Gate
from synap.server.rest.bodies import GATE, carried, correlation_of
from synap.server.rest.errors import UnknownKeyError

KEY_PREFIX = "synap_"
LONGEST_KEY = 512

Application = NamedDependency[SkipValidation[Api]]
"""A route's way to the operations of the caller's instance."""

Management = NamedDependency[SkipValidation[AdminApi]]
"""A route's way to the operations of management."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a key of either kind opens.

    Attributes:
        api: The operations of an application key's instance.
        admin: The operations of management; None for an application key.
        instance_id: The instance of an application key.
    """

    api: Api | None = None
    admin: AdminApi | None = None
    instance_id: str = ""

    @property
    def operations(self) -> Api | AdminApi:
        """Those that the key opens."""
        opened = self.admin or self.api
        if opened is None:
            raise AuthenticationError("an API key is required: send `Authorization: Bearer <key>`")
        return opened


Either = NamedDependency[SkipValidation[Key]]
"""A route's way to what a key opens, of either kind."""


async def either(request: Request[Any, Any, Any]) -> Any:
    """Return what the request's key opens; raises as `application` does."""
    backend, caller = await _identify(request)
    correlation_id = correlation_of(request.scope)
    if caller.kind == "management":
        return Key(admin=backend.admin_for(caller, correlation_id=correlation_id))
    return Key(api=await application(request), instance_id="" if caller.instance is None else caller.instance.id)


async def application(request: Request[Any, Any, Any]) -> Any:
    """Return the operations of the instance that the request's key is bound to.

    Raises:
        AuthenticationError: No key, or not one that is known.
        ForbiddenError: The instance is suspended, or another instance is named beside the key.
        InstanceNotReadyError: The engine still starts.
    """
    backend, caller = await _identify(request)
    if caller.instance is not None:
        _check_hint(request, "X-Instance-ID", caller.instance.place.instance_id)
        _check_hint(request, "X-Client-ID", caller.instance.place.client_id)
    return backend.api_for(caller, correlation_id=correlation_of(request.scope))


async def management(request: Request[Any, Any, Any]) -> Any:
    """Return the operations of management.

    Raises:
        AuthenticationError: No key, or not one that is known.
        ForbiddenError: The key is an application's.
        InstanceNotReadyError: The engine still starts.
    """
    backend, caller = await _identify(request)
    if caller.kind != "management":
        raise ForbiddenError("this call needs a management key; an application key was given")
    return backend.admin_for(caller, correlation_id=correlation_of(request.scope))


async def _identify(request: Request[Any, Any, Any]) -> tuple[Backend, Caller]:
    key = _bearer(request)
    gate: Gate = carried(request.scope, GATE)
    backend = gate.backend
    try:
        return backend, await backend.authenticate(key)
    except AuthenticationError as error:
        if key.startswith(KEY_PREFIX):
            raise UnknownKeyError(error.message) from error
        raise


def _bearer(request: Request[Any, Any, Any]) -> str:
    header = request.headers.get("Authorization", "")
    scheme, _, key = header.partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key or len(key) > LONGEST_KEY or not key.isascii():
        raise AuthenticationError("an API key is required: send `Authorization: Bearer <key>`")
    return key


def _check_hint(request: Request[Any, Any, Any], header: str, actual: str) -> None:
    """Refuse a header that contradicts the key; the key alone decides, and an empty header says nothing."""
    hint = request.headers.get(header, "")
    if hint and hint != actual:
        raise ForbiddenError(f"{header} names another one than the key is bound to; leave the header out")
