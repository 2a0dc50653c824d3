"""Answers kept for a while, never beyond a write: each is stored with the versions of the scopes it was computed from."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
from cachetools import TTLCache

from synap.api.contexts import ContextAnswer, FetchContext

CLIENT_TTL_SECONDS = 1800
"""How long an answer of CLIENT scope is kept at most: 30 minutes, as the seeds promise."""


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An answer with the versions, by scope id, of every scope that it was computed from."""

    answer: ContextAnswer
    versions: Mapping[int, int]
    instance_id: str
    target: str


class AnswerCache:
    """Least recently used answers, each for at most `ttl_seconds`; safe for several threads.

    A hit must be checked against the current versions by the caller: `get` takes them. Two processes agree because
    versions live in the store.
    """

    def __init__(
        self, *, entries: int = 2048, ttl_seconds: float = CLIENT_TTL_SECONDS, timer: Callable[[], float]
    ) -> None:
        self._entries: TTLCache[bytes, CachedAnswer] = TTLCache(maxsize=entries, ttl=ttl_seconds, timer=timer)
        self._lock = threading.Lock()

    def holds(self, key: bytes) -> bool:
        """Whether something is kept under `key`, so that asking for versions is worth a round trip."""
        with self._lock:
            return key in self._entries

    def get(self, key: bytes, versions: Mapping[int, int]) -> ContextAnswer | None:
        """Return what is kept under `key` if every scope still has the version it was computed from."""
        with self._lock:
            found = self._entries.get(key)
            if found is None:
                return None
            if dict(found.versions) != dict(versions):
                del self._entries[key]
                return None
            return found.answer

    def put(self, key: bytes, entry: CachedAnswer) -> None:
        """Keep an answer."""
        with self._lock:
            self._entries[key] = entry

    def forget(self, *, instance_id: str, target: str | None = None) -> int:
        """Drop the answers of an instance, of one target where given; returns how many."""
        with self._lock:
            keys = [
                key
                for key, entry in self._entries.items()
                if entry.instance_id == instance_id and target in (None, entry.target)
            ]
            for key in keys:
                del self._entries[key]
            return len(keys)


def cache_key(
    instance_id: str, revision: int, scope_digests: tuple[bytes, ...], request: FetchContext, embedder: str
) -> bytes:
    """Return the key of a request: instance, configuration, the exact owners of the chain, and everything asked."""
    body = msgspec.msgpack.encode((instance_id, revision, scope_digests, embedder, request))
    return hashlib.blake2b(body, digest_size=32).digest()
