"""From the caller's questions to queries the channels understand: their terms, the names they carry, their moment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from synap.domain.contexts import Query
from synap.domain.terms import term_hashes
from synap.domain.words import STOP_WORDS

_WORD = re.compile(r"[^\W_]+(?:[-.&][^\W_]+)*")
_POSSESSIVE = re.compile(r"['\u2019](?:s|S)?(?!\w)")
_OPENERS = frozenset(
    (
        "please", "tell", "show", "give", "list", "name", "find", "remember", "recall", "describe", "explain",
        "compare", "summarise", "summarize", "say", "let", "help", "which", "whose", "whom", "who", "what",
        "when", "where", "why", "how", "did", "does", "do", "is", "are", "was", "were", "has", "have", "had",
        "can", "could", "would", "should", "will", "may", "might", "shall", "any", "hi", "hello", "hey",
        "thanks", "ok", "okay", "yes", "no",
    )
)  # fmt: skip

_ORDINAL = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b", re.IGNORECASE)
_NOISE = re.compile(
    r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?|\b(?:at|on|of|the)\b|,", re.IGNORECASE
)
_CLOCK = re.compile(
    r"\b(\d{1,2})(?::(\d{2}))?(?::(\d{2}))?\s*([ap])\.?m\b\.?|\b(\d{1,2}):(\d{2})(?::(\d{2}))?\b", re.IGNORECASE
)
_UTC_SUFFIX = re.compile(r"\b(?:utc|gmt|z)\b", re.IGNORECASE)
_DATE_FORMATS = (
    "%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y", "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d-%b-%Y",
    "%Y %B %d", "%B %Y", "%b %Y", "%Y-%m", "%Y",
)  # fmt: skip
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_MILLISECOND_DIGITS = 13
_NOON = 12
_PLAUSIBLE_YEARS = range(1900, 2200)


def plan_queries(texts: Sequence[str]) -> tuple[Query, ...]:
    """Return one query per text, in order, without vectors; blank and repeated texts are left out."""
    distinct = dict.fromkeys(text.strip() for text in texts)
    return tuple(Query(text=text, terms=term_hashes(text), names=names_in(text)) for text in distinct if text)


def names_in(text: str) -> tuple[str, ...]:
    """Return the words of a question that may be names, in lower case and in order of first occurrence.

    These are the capitalised words, unless they merely open a sentence as a question word or an imperative does. A
    question typed without any capital gives no hint, so there every content word may be a name: the names are only
    ever compared with those of people and things that are known.
    """
    plain = _POSSESSIVE.sub(" ", text)
    words = _WORD.findall(plain)
    casual = not any(word[0].isupper() for word in words[1:]) and not (words and _is_name(words[0]))
    chosen = (word.casefold() for word in words if casual or _is_name(word))
    return tuple(dict.fromkeys(word for word in chosen if word not in STOP_WORDS and word not in _OPENERS))


def read_query_date(text: str | None, now: datetime) -> tuple[datetime, str | None]:
    """Return the moment from which a question is asked, in UTC, and a warning where `text` could not be read.

    Reads ISO 8601, RFC 5322, seconds or milliseconds since 1970, and common written dates with or without a time of day
    (`1:56 pm on 8 May, 2023`, `May 8th 2023`, `2023/05/08 14:00`). A time without zone is taken as UTC, a date without
    time as its first moment; `05/08/2023` has the month first. Nothing given, or something unreadable, means `now`.
    """
    if text is None or not text.strip() or text.strip().casefold() in {"now", "today"}:
        return now, None
    moment = next((found for found in _readings(text.strip()) if found.year in _PLAUSIBLE_YEARS), None)
    if moment is None:
        return now, f"query_date {text[:60]!r} could not be read as a date (try 2025-07-01); the present moment is used"
    return moment, None


def _is_name(word: str) -> bool:
    return word[0].isupper() and word.casefold() not in _OPENERS and word.casefold() not in STOP_WORDS


def _readings(text: str) -> Iterator[datetime]:
    """Yield what each grammar makes of `text`, the strictest first."""
    for read in (datetime.fromisoformat, _from_epoch, parsedate_to_datetime, _from_words):
        try:
            found = read(text)
            yield found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            continue


def _from_epoch(text: str) -> datetime:
    if not _EPOCH.fullmatch(text):
        raise ValueError(text)
    return datetime.fromtimestamp(int(text) / (1000 if len(text) == _MILLISECOND_DIGITS else 1), UTC)


def _from_words(text: str) -> datetime:
    """Read a written date with an optional time of day; raises ValueError."""
    clock = _CLOCK.search(text)
    rest = text if clock is None else text[: clock.start()] + " " + text[clock.end() :]
    date = " ".join(_UTC_SUFFIX.sub(" ", _NOISE.sub(" ", _ORDINAL.sub(r"\1", rest))).strip(" ()T").split())
    hour, minute, second = (0, 0, 0) if clock is None else _time_of_day(clock)
    for pattern in _DATE_FORMATS:
        try:
            day = datetime.strptime(date, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
        return day.replace(hour=hour, minute=minute, second=second)
    raise ValueError(text)


def _time_of_day(clock: re.Match[str]) -> tuple[int, int, int]:
    """Return hour, minute and second of a match of `_CLOCK`; out-of-range values are left for `replace` to refuse."""
    hour, minute, second, half, hour_24, minute_24, second_24 = clock.groups()
    if half is None:
        return int(hour_24), int(minute_24), int(second_24 or 0)
    offset = _NOON if half.casefold() == "p" else 0
    return int(hour) % _NOON + offset, int(minute or 0), int(second or 0)
