"""An answer is served again only for the same question, the same owners, and unchanged scopes."""

from __future__ import annotations

from synap.api.contexts import ContextAnswer, FetchContext
from synap.engine.cache import AnswerCache, CachedAnswer, cache_key


class Watch:
    """A timer that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def kept(text: str, *, instance: str = "i", target: str = "client") -> CachedAnswer:
    return CachedAnswer(
        answer=ContextAnswer(formatted_context=text), versions={1: 7}, instance_id=instance, target=target
    )


def test_a_write_makes_a_kept_answer_useless() -> None:
    cache = AnswerCache(timer=Watch())
    cache.put(b"k", kept("old"))

    hit, stale, after = cache.get(b"k", {1: 7}), cache.get(b"k", {1: 8}), cache.get(b"k", {1: 7})

    assert (hit and hit.formatted_context, stale, after) == ("old", None, None)


def test_a_scope_that_came_into_being_since_makes_it_useless_too() -> None:
    cache = AnswerCache(timer=Watch())
    cache.put(b"k", kept("old"))

    assert cache.get(b"k", {1: 7, 2: 1}) is None


def test_an_answer_is_kept_for_half_an_hour_at_most() -> None:
    watch = Watch()
    cache = AnswerCache(timer=watch)
    cache.put(b"k", kept("old"))

    watch.seconds = 1799
    fresh = cache.holds(b"k")
    watch.seconds = 1801

    assert (fresh, cache.holds(b"k")) == (True, False)


def test_forgetting_one_instance_leaves_the_others() -> None:
    cache = AnswerCache(timer=Watch())
    cache.put(b"a", kept("a"))
    cache.put(b"b", kept("b", target="user"))
    cache.put(b"c", kept("c", instance="other"))

    dropped = cache.forget(instance_id="i", target="client")

    assert dropped == 1
    assert [cache.holds(key) for key in (b"a", b"b", b"c")] == [False, True, True]


def test_whatever_differs_gives_another_key() -> None:
    request = FetchContext(target="client", search_query=("a",))
    keys = {
        cache_key("i", 0, (b"1",), request, "e"),
        cache_key("j", 0, (b"1",), request, "e"),
        cache_key("i", 1, (b"1",), request, "e"),
        cache_key("i", 0, (b"2",), request, "e"),
        cache_key("i", 0, (b"1", b"2"), request, "e"),
        cache_key("i", 0, (b"1",), request, "f"),
        cache_key("i", 0, (b"1",), FetchContext(target="client", search_query=("a",), max_tokens=5), "e"),
        cache_key("i", 0, (b"1",), FetchContext(target="client", search_query=("a",), scopes=("client",)), "e"),
    }

    assert len(keys) == 8
