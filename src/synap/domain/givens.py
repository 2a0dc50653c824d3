"""What a clause gives as an answer, by kind: figures, codes, ordinals, colours, names, and where or by whom something is.

Two clauses on one topic that give different answers of one kind cannot both hold of one thing at one time. What kinds
there are is closed and general; which topic an answer is to, others decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from synap.domain.concepts import plain_words
from synap.domain.terms import stem
from synap.domain.values import Kind, Value
from synap.domain.wordlists import listed

_COLOURS = frozenset(
    map(
        stem,
        listed(
            "black white red green blue yellow orange purple violet pink brown grey gray beige turquoise teal maroon navy "
            "golden silver cream lilac crimson magenta khaki blond blonde ginger"
        ),
    )
)
_ORDINALS = frozenset(
    listed("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth ground top")
)
_ALTERNATIVES = {
    stem(word): family
    for family, words in {
        "earliness": "early late",
        "rank": "junior senior lead principal trainee assistant deputy head",
        "side": "left right",
        "size": "small medium large",
        "share": "full-time part-time",
        "degree": "beginner intermediate advanced",
    }.items()
    for word in listed(words)
}
_CODE = re.compile(r"\b(?=[A-Za-z-]*\d)(?=[\d-]*[A-Za-z])[A-Za-z\d]+(?:-[A-Za-z\d]+)*\b")
_CLASS = re.compile(
    r"\b(?:size|class|type|category|level|zone|line|block|row|gate|platform|grade|group) ([A-Z]{1,3}|\d{1,3})\b(?!['\u2019])"
)
_MEASURED_CODE = re.compile(r"\d+(?:[.,]\d+)?(?:am|pm|kg|km|cm|mm|mg|ml|gb|mb|tb|k|m|h|g|l|th|st|nd|rd)", re.IGNORECASE)
_NAME = re.compile(r"(?<![.!?] )\b[^\W\d_a-z][\w.&'\u2019-]*(?: [^\W\d_a-z][\w.&'\u2019-]*)*")
_OWN_WORDS = frozenset(listed("the user i we my our a an they he she it"))
_GIVEN_ROLE = re.compile(
    r" (?:(?:was|were|has been|is|got|just) )*(?:elected|appointed|named|chosen|became|has become|took over|takes over|now)\b"
    r"| is (?:(?:now|currently|the new) )?the\b"
)
_MEASURES = {
    Kind.NUMBER: "figure",
    Kind.MONEY: "figure",
    Kind.PERCENT: "percent",
    Kind.CLOCK: "hour",
    Kind.HOURS: "hour",
    Kind.WEEKDAY: "weekday",
    Kind.DATE: "date",
    Kind.DURATION: "duration",
    Kind.SIZE: "size",
    Kind.VERSION: "version",
    Kind.ADDRESS: "address",
    Kind.QUOTE: "quote",
    Kind.CODE: "code",
}
_PLACING = re.compile(
    r"\b(?:to|with|by|at|in|on|from|for|as|is|are|am|into|through|via|run|runs|uses?|onto|called|named)\b(?: now)? (?:the )?$"
)


def given(
    clause: str, words: Iterable[tuple[str, str]], values: Iterable[Value], choices: Iterable[tuple[str, str]]
) -> dict[str, frozenset[str]]:
    """Return what a clause tells, by kind of value.

    Args:
        clause: The clause.
        words: Its words in lower case, each with its stem.
        values: What is measured in it.
        choices: The alternatives that it names, as (family, word).
    """
    found: dict[str, set[str]] = {}
    for kind, value in _given(clause, words, values, choices):
        found.setdefault(kind, set()).add(value)
    return {kind: frozenset(told) for kind, told in found.items()}


def _given(
    clause: str, words: Iterable[tuple[str, str]], values: Iterable[Value], choices: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    yield from ((_MEASURES[value.kind], value.value) for value in values if value.kind in _MEASURES)
    yield from (("code", code.casefold()) for code in _CODE.findall(clause) if not _MEASURED_CODE.fullmatch(code))
    yield from (("code", code.casefold()) for code in _CLASS.findall(clause))
    yield from (kind for word, root in words if (kind := _by_word(word, root)) is not None)
    yield from ((f"choice {family}", stem(word)) for family, word in choices if family != "language")
    yield from (("name", name) for name in _names(clause))


def _by_word(word: str, root: str) -> tuple[str, str] | None:
    """Return the kind and value that a single word gives."""
    if root in _COLOURS:
        return "colour", root
    if word in _ORDINALS:
        return "ordinal", root
    return (_ALTERNATIVES[root], root) if root in _ALTERNATIVES else None


def _names(clause: str) -> Iterator[str]:
    for match in _NAME.finditer(clause):
        name = match[0].casefold().removesuffix("'s")
        if name not in _OWN_WORDS and not _CODE.fullmatch(match[0]) and _takes_name(clause, match):
            yield name


def _takes_name(clause: str, match: re.Match[str]) -> bool:
    """Whether a name is the value that a clause gives, not whom or what it is about."""
    if match.start() == 0:
        return _GIVEN_ROLE.match(clause, match.end()) is not None
    return _PLACING.search(clause[: match.start()]) is not None


_TAIL = re.compile(
    r"\b(?P<prep>by|via|through|to|with|in|at|on|inside|outside|under|as)\s+(?P<what>(?:(?:an?|the|our|its|their|your)\s+)?"
    r"[^\W\d][\w'\u2019-]*(?:\s[\w'\u2019-]+){0,3})$",
    re.IGNORECASE,
)
_CLASSES = {
    **dict.fromkeys(("by", "via", "through", "to", "with"), "whom"),
    **dict.fromkeys(("in", "at", "on", "inside", "outside", "under"), "where"),
    "as": "what",
}
_NO_TAIL = frozenset(
    listed("general time all day days week month year advance addition case fact person writing morning evening night")
)


def tail(clause: str) -> tuple[str, frozenset[str]] | None:
    """Return what a clause ends with, as (`whom`, `where` or `what`, stems): `parks in the courtyard`; None without one."""
    match = _TAIL.search(clause)
    if match is None:
        return None
    words = plain_words(match["what"])
    if any(word in _NO_TAIL for word in words) or any(word.isdigit() for word in words):
        return None
    return _CLASSES[match["prep"].casefold()], frozenset(stem(word) for word in words if word not in _ARTICLES)


_ARTICLES = frozenset(listed("a an the our its their your"))
