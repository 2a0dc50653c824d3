"""`sdk.user.context`, `sdk.customer.context`, `sdk.client.context`: what a turn needs to know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from synap.api.data import UserProfile
from synap.api.protocol import Api
from synap.api.requests import fetch_context
from synap.domain.scopes import Ids
from synap.sdk.responses import ContextResponse

Connect = Callable[[], Awaitable[Api]]


class User:
    """What concerns a user."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self.context = UserContext(connect)

    async def profile(self, user_id: str, customer_id: str | None = None) -> UserProfile:
        """Return a user in short: attributes, a few sentences, the strongest preferences; made of the user's memories.

        Raises:
            NotFoundError: The instance has no profiles (`retrieval.profiles`), or nothing is known of the user.
        """
        ids = Ids.checked(customer_id=customer_id, user_id=user_id)
        return await (await self._connect()).user_profile(ids=ids)


class Customer:
    """What concerns a customer."""

    def __init__(self, connect: Connect) -> None:
        self.context = CustomerContext(connect)


class Client:
    """What concerns everyone."""

    def __init__(self, connect: Connect) -> None:
        self.context = ClientContext(connect)


class UserContext:
    """The context of a user: the user's own memories, the customer's, the client's and WORLD's."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def fetch(
        self,
        user_id: str,
        customer_id: str | None = None,
        *,
        conversation_id: str | None = None,
        search_query: str | Sequence[str] | None = None,
        max_results: int = 10,
        max_results_per_query: int | None = None,
        types: str | Sequence[str] | None = None,
        mode: str | None = None,
        max_tokens: int | None = None,
        query_date: datetime | str | None = None,
        as_of: datetime | str | None = None,
        response_shape: str = "by_type",
        scopes: Sequence[str] | None = None,
        explain: bool = False,
        context_mode: str = "in-conversation",
        last_n_conversations: int = 1,
        include_profile: bool = True,
    ) -> ContextResponse:
        """Return what to know about a user, best first, within a token budget.

        Args:
            user_id: The user.
            customer_id: The user's customer.
            conversation_id: A conversation whose turns in hand are waited for; what is found is the same without it.
            search_query: One or several questions; none for the newest and surest.
            max_results: How many items at most; above 50, 50 are given and the metadata's `warnings` say so.
            max_results_per_query: Share of each of several questions, which take turns, from 1 on; None for the best one of
                each. Room left is filled best first.
            types: Memory types wanted; none for all.
            mode: `fast` or `accurate`; None for the instance's own.
            max_tokens: Budget of `formatted_context`; None for the instance's own.
            query_date: The moment from which the question is asked.
            as_of: Serve what was believed at this moment.
            response_shape: `by_type` or `ranked`.
            scopes: Rungs to narrow the answer to (`user`, `customer`, `client`, `world`).
            explain: Whether items carry the parts of their score.
            context_mode: `in-conversation`, or `conversation-summary` for the user's latest conversations, summarised, in
                place of memories.
            last_n_conversations: How many of them, 0..20.
            include_profile: Whether that mode brings the user's profile too, where the instance has profiles.

        Raises:
            InvalidInputError: An argument is wrong; `field` names it.
        """
        asked = {
            "user_id": user_id,
            "customer_id": customer_id,
            "conversation_id": conversation_id,
            "search_query": search_query,
            "max_results": max_results,
            "max_results_per_query": max_results_per_query,
            "types": types,
            "mode": mode,
            "max_tokens": max_tokens,
            "query_date": query_date,
            "as_of": as_of,
            "response_shape": response_shape,
            "scopes": scopes,
            "explain": explain,
            "context_mode": context_mode,
            "last_n_conversations": last_n_conversations,
            "include_profile": include_profile,
        }
        return await fetch("user", self._connect, asked)


class CustomerContext:
    """The context of a customer: the customer's memories, the client's and WORLD's; never a user's."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def fetch(
        self,
        customer_id: str,
        *,
        conversation_id: str | None = None,
        search_query: str | Sequence[str] | None = None,
        max_results: int = 10,
        max_results_per_query: int | None = None,
        types: str | Sequence[str] | None = None,
        mode: str | None = None,
        max_tokens: int | None = None,
        query_date: datetime | str | None = None,
        as_of: datetime | str | None = None,
        response_shape: str = "by_type",
        scopes: Sequence[str] | None = None,
        explain: bool = False,
    ) -> ContextResponse:
        """Return what to know about a customer; arguments as in `UserContext.fetch`."""
        asked = {
            "customer_id": customer_id,
            "conversation_id": conversation_id,
            "search_query": search_query,
            "max_results": max_results,
            "max_results_per_query": max_results_per_query,
            "types": types,
            "mode": mode,
            "max_tokens": max_tokens,
            "query_date": query_date,
            "as_of": as_of,
            "response_shape": response_shape,
            "scopes": scopes,
            "explain": explain,
        }
        return await fetch("customer", self._connect, asked)


class ClientContext:
    """The context of everyone: the client's memories and WORLD's."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def fetch(
        self,
        *,
        conversation_id: str | None = None,
        search_query: str | Sequence[str] | None = None,
        max_results: int = 10,
        max_results_per_query: int | None = None,
        types: str | Sequence[str] | None = None,
        mode: str | None = None,
        max_tokens: int | None = None,
        query_date: datetime | str | None = None,
        as_of: datetime | str | None = None,
        response_shape: str = "by_type",
        scopes: Sequence[str] | None = None,
        explain: bool = False,
    ) -> ContextResponse:
        """Return what everyone may know; arguments as in `UserContext.fetch`."""
        asked = {
            "conversation_id": conversation_id,
            "search_query": search_query,
            "max_results": max_results,
            "max_results_per_query": max_results_per_query,
            "types": types,
            "mode": mode,
            "max_tokens": max_tokens,
            "query_date": query_date,
            "as_of": as_of,
            "response_shape": response_shape,
            "scopes": scopes,
            "explain": explain,
        }
        return await fetch("client", self._connect, asked)

    async def invalidate(self) -> int:
        """Forget the cached answers of the client's scope; returns how many. Answers are never stale without it."""
        return await (await self._connect()).invalidate_client_cache()


async def fetch(target: str, connect: Connect, asked: dict[str, Any]) -> ContextResponse:
    """Return the context of `target` for the arguments of its fetch."""
    request = fetch_context(target, asked)
    return ContextResponse.of(await (await connect()).fetch_context(request))
