"""The first wall: a method of the store cannot be called without saying whose rows it is for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from synap.store.store import Store
from synap.testing import FixedClock

OWNERS = {
    "Scope": "one scope",
    "Sequence[Scope]": "a chain of scopes",
    "Sequence[tuple[Scope, AcceptDocument]]": "documents, each with its scope",
    "Search": "a search, which carries its chain",
    "Job": "a job, which carries its bucket and scope",
    "NewReceipt": "a receipt, which names the book of its instance",
    "RowRef": "the place of one row; its owner is checked against the caller by the engine",
    "Sequence[RowRef]": "likewise",
}
"""Types that say whose rows a call is for."""

INSTANCE = ("instance_id", ("str", "str | None"))

CONTROL = {
    "accounts.client": "a row about a client, read by the operator",
    "accounts.clients": "all clients, read by the operator",
    "accounts.configurations_with": "configurations, which hold no content, for the operator's `synap doctor`",
    "accounts.create_client": "a row about a client, written by the operator",
    "accounts.holder": "who presents a key: the scope is not known before it",
    "accounts.instances": "rows about a client's instances, read by the operator",
    "accounts.update_client": "a row about a client, written by the operator",
    "deletions.unfinished": "places of records of deletions that nobody works on, for the process that finishes them",
    "embeddings.forget": "drops the record of a vector column, which holds no content",
    "embeddings.open": "notes an embedder and its column, which hold no content",
    "embeddings.spaces": "which embedders there are, which holds no content",
    "embeddings.switch": "makes another vector column the live one, for everyone at once",
    "erasure.begun": "ids of clients and instances whose deletion has begun, for the process that finishes it",
    "erasure.client": "erases a whole client, named first",
    "erasure.close_client": "rows about a client and its instances, before it is erased",
    "founding.instance": "makes the first client and instance of a store, when there is no tenant yet",
    "queue.degraded": "a count over all buckets, for the operator's `synap doctor`",
    "queue.depth": "counts of jobs over all buckets, for health and metrics",
    "queue.discover": "numbers of buckets with work, for a worker that serves all tenants",
    "queue.claim": "jobs of one bucket, for a worker that serves all tenants; each job then carries its scope",
    "queue.reap": "gives back jobs whose lease ran out, in all buckets, reading none of them",
    "queue.waiting": "counts of jobs by instance, for the limit of the backlog",
    "receipts.books": "names of instances and clients and numbers, for the operator",
    "receipts.secret": "the installation's key, which belongs to no tenant",
    "residents.close": "forgets what is in memory, of everybody",
    "residents.settle": "waits for what is being read into memory, and returns nothing of it",
    "stock.claim": "takes a bucket to be looked at, reading nothing of it",
    "stock.counts": "numbers of ingestions of a bucket",
    "stock.in_queue": "ids of jobs and ingestions of a bucket that are at odds; each comes with its scope",
    "stock.looks": "when buckets were looked at, and numbers of what was found",
    "stock.note": "numbers of what was found in a bucket",
    "stock.note_empty": "that there is nothing in some buckets",
    "stock.note_seen": "numbers of what was found in a bucket",
    "stock.occupied": "numbers of buckets",
    "stock.scopes": "the scopes of a bucket, for the look at each of them",
    "close": "forgets what is in memory, of everybody",
    "ping": "whether the server answers",
}
"""Calls that concern no tenant's rows, with the reason."""


def operations() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every public asynchronous method that is reached from a store."""
    store = Store(None, FixedClock())  # type: ignore[arg-type]  # nothing is called
    yield from _methods("", store)
    for noun, group in vars(store).items():
        if type(group).__module__.startswith("synap.store."):
            yield from _methods(f"{noun}.", group)


def _methods(prefix: str, group: object) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, member in inspect.getmembers(type(group), inspect.isfunction):
        asynchronous = inspect.iscoroutinefunction(member) or inspect.isasyncgenfunction(member)
        if asynchronous and not name.startswith("_"):
            yield f"{prefix}{name}", member


OPERATIONS = dict(operations())


def owner_of(call: Callable[..., Any]) -> str | None:
    """Return what the first argument of a call says about whose rows it is for, or None."""
    parameters = list(inspect.signature(call).parameters.values())[1:]
    if not parameters or parameters[0].kind is inspect.Parameter.KEYWORD_ONLY:
        return None
    first = parameters[0]
    name, types = INSTANCE
    if first.name == name and first.annotation in types:
        return "an instance"
    return OWNERS.get(str(first.annotation))


def test_the_store_has_operations() -> None:
    assert len(OPERATIONS) > 40
    assert {"documents.accept", "memories.apply", "search.recall", "queue.claim"} <= OPERATIONS.keys()


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - CONTROL.keys()))
def test_an_operation_says_first_whose_rows_it_is_for(name: str) -> None:
    assert owner_of(OPERATIONS[name]) is not None, f"{name}: give a scope first, or name it in CONTROL with the reason"


def test_content_is_never_reached_without_a_scope() -> None:
    nouns = {"documents", "memories", "search", "conversations", "compactions", "scopes", "ingestions"}

    assert [name for name in CONTROL if name.partition(".")[0] in nouns] == []


def test_the_list_of_exceptions_holds_nothing_that_is_gone_or_scoped() -> None:
    assert {name for name in CONTROL if name not in OPERATIONS or owner_of(OPERATIONS[name])} == set()
