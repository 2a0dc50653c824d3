"""`/v1/credits/*`: nothing is billed here, and clients that ask are told that there is no end of credits."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post

from synap.api.requests import build
from synap.errors import InvalidInputError
from synap.server.rest.authentication import Application
from synap.server.rest.bodies import read_object, read_query

_OK = 200
UNLIMITED = 1_000_000_000
"""The balance told: published clients read a number."""

MOST_ENTRIES = 1000


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """Always the same balance; `unlimited` says that it means nothing."""

    client_id: str
    balance_credits: int = UNLIMITED
    warning_low: bool = False
    buckets: tuple[dict[str, Any], ...] = ()
    unlimited: bool = True


class LedgerQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries; there are none."""

    limit: int = 100
    offset: int = 0


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """What was booked: nothing."""

    entries: tuple[dict[str, Any], ...] = ()
    total: int = 0
    limit: int = 100
    offset: int = 0


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a call would cost: nothing."""

    credits_estimate: int = 0
    unlimited: bool = True


class RedeemCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code to be redeemed."""

    code: str


@get("/v1/credits/balance", summary="The balance, which has no end")
async def balance(api: Application) -> Balance:
    """Return a balance without end."""
    return Balance(client_id=(await api.whoami()).client_id)


@get("/v1/credits/ledger", opt={"query": LedgerQuery}, summary="What was booked: nothing")
async def ledger(request: Request[Any, Any, Any], api: Application) -> Ledger:
    """Return an empty page of the ledger; filters that published clients send are taken and change nothing."""
    await api.whoami()
    query = read_query(request, LedgerQuery)
    if not 1 <= query.limit <= MOST_ENTRIES:
        raise InvalidInputError(f"limit must lie between 1 and {MOST_ENTRIES}, not {query.limit}", field="limit")
    if query.offset < 0:
        raise InvalidInputError(f"offset must not be negative, not {query.offset}", field="offset")
    return Ledger(limit=query.limit, offset=query.offset)


@post("/v1/credits/estimate", status_code=_OK, summary="What a call would cost: nothing")
async def estimate(request: Request[Any, Any, Any], api: Application) -> Estimate:
    """Return that a call costs nothing."""
    await api.whoami()
    await read_object(request)
    return Estimate()


@post("/v1/credits/redeem", status_code=_OK, opt={"body": RedeemCode}, summary="Refused: there is nothing to redeem")
async def redeem(request: Request[Any, Any, Any], api: Application) -> dict[str, Any]:
    """Refuse a code: this server sells nothing, so that no code was ever given out."""
    await api.whoami()
    build(RedeemCode, await read_object(request))
    raise InvalidInputError("there is nothing to redeem: credits have no end on this server", field="code")
