"""Values inside a text: numbers, amounts, sizes, durations, times of day, dates and addresses, in comparable form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from synap.domain.terms import lowered, stem
from synap.domain.wordlists import listed
from synap.domain.words import STOP_WORDS


class Kind(StrEnum):
    """What a value measures; values of different kinds never contradict each other."""

    NUMBER = "number"
    MONEY = "money"
    PERCENT = "percent"
    SIZE = "size"
    DURATION = "duration"
    CLOCK = "clock"
    HOURS = "hours"
    WEEKDAY = "weekday"
    DATE = "date"
    MONTH = "month"
    YEAR = "year"
    VERSION = "version"
    ADDRESS = "address"
    """Where something can be sent or found: e-mail, URL, phone number."""
    CODE = "code"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class Value:
    """A value found in a text.

    Attributes:
        kind: What it measures.
        value: Normal form: decimal number, bytes, seconds, `HH:MM`, `HH:MM-HH:MM`, `always`, lower-case text.
        noun: For a plain number the stem of what is counted (`approval`); for money the currency; else empty.
    """

    kind: Kind
    value: str
    noun: str = ""


ALWAYS = "always"
"""Normal form of round-the-clock hours."""

_ONES = listed(
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen
    """
)
_TENS = dict(
    zip(
        listed("twenty thirty forty fifty sixty seventy eighty ninety"),
        range(20, 100, 10),
        strict=True,
    )
)
_WORDS = {word: number for number, word in enumerate(_ONES)} | _TENS | {"dozen": 12, "hundred": 100, "thousand": 1000}
_MULTIPLIERS = {"k": 1_000, "thousand": 1_000, "m": 1_000_000, "million": 1_000_000, "bn": 10**9, "billion": 10**9}
_SIZES: dict[str, int | Decimal] = (
    {unit: 1000**power for power, unit in enumerate(("b", "kb", "mb", "gb", "tb", "pb"))}
    | {f"{unit}bytes": 1000**power for power, unit in enumerate(("", "kilo", "mega", "giga", "tera", "peta"))}
    | {f"{unit}ib": 1024**power for power, unit in enumerate(("k", "m", "g", "t"), start=1)}
)
_SECONDS: dict[str, int | Decimal] = {
    "millisecond": Decimal("0.001"),
    "ms": Decimal("0.001"),
    "second": 1,
    "sec": 1,
    "minute": 60,
    "min": 60,
    "hour": 3600,
    "hr": 3600,
    "day": 86_400,
    "night": 86_400,
    "week": 604_800,
    "fortnight": 1_209_600,
    "month": 2_629_800,
    "quarter": 7_889_400,
    "year": 31_557_600,
    "yr": 31_557_600,
}
_CURRENCIES = {
    "$": "usd",
    "usd": "usd",
    "dollar": "usd",
    "dollars": "usd",
    "bucks": "usd",
    "€": "eur",
    "eur": "eur",
    "euro": "eur",
    "euros": "eur",
    "£": "gbp",
    "gbp": "gbp",
    "pounds": "gbp",
    "¥": "jpy",
    "yen": "jpy",
    "jpy": "jpy",
    "chf": "chf",
    "francs": "chf",
    "₹": "inr",
    "inr": "inr",
    "rupees": "inr",
    "kr": "sek",
    "sek": "sek",
    "nok": "nok",
    "dkk": "dkk",
    "cad": "cad",
    "aud": "aud",
    "pln": "pln",
    "czk": "czk",
}
_MONTHS = listed("january february march april may june july august september october november december")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_FIGURE = r"(?:\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?)"
_WORD_FIGURE = rf"(?:(?:{'|'.join(_TENS)})[ -](?:{'|'.join(_ONES[1:10])})|{'|'.join(_WORDS)})"
_AMOUNT = rf"(?:{_FIGURE}\s?(?:k|m|bn|thousand|million|billion)?|{_WORD_FIGURE}(?:\s(?:hundred|thousand|million))?)"
_TIME = (
    r"(?:\d{1,2}(?:[:.][0-5]\d)?\s?(?:am|pm|a\.m\.|p\.m\.)|(?:[01]?\d|2[0-3]):[0-5]\d|noon|midnight|\d{1,2}\s?o'clock)"
)

_SCANNER = re.compile(
    "|".join(
        f"(?P<{name}>{pattern})"
        for name, pattern in (
            (
                "quote",
                r"(?<!\w)'[^'\n]{2,60}'(?!\w)|\"[^\"\n]{2,60}\"|[\u201c\u2018][^\u201d\u2019\n]{2,60}[\u201d\u2019]",
            ),
            ("email", r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
            ("url", r"\bhttps?://\S+|\bwww\.\S+"),
            (
                "always",
                (
                    r"\b24\s?/\s?7\b|\b(?:a)?round[ -]the[ -]clock\b|\b24 hours a day\b"
                    r"|\bday and night\b|\bat any (?:hour|time)\b"
                ),
            ),
            (
                "hours",
                rf"(?:{_TIME}|\b\d{{1,2}})\s?(?:-|\u2013|to|until|till)\s?{_TIME}|(?<=between ){_TIME} and {_TIME}",
            ),
            ("iso", r"\b\d{4}-\d{2}-\d{2}\b"),
            (
                "date",
                (
                    rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}\b\.?(?:,?\s\d{{4}})?"
                    rf"|\b{_MONTH}\.?\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s\d{{4}})?"
                ),
            ),
            ("clock", rf"\b{_TIME}(?!\w)"),
            ("percent", rf"{_AMOUNT}\s?(?:%|percent\b|per cent\b)"),
            (
                "money",
                (
                    rf"[$€£¥₹]\s?{_AMOUNT}\b|\b(?:usd|eur|gbp|chf)\s{_AMOUNT}\b"
                    rf"|\b{_AMOUNT}\s?(?:€|£|(?:usd|eur|gbp|chf|jpy|inr|sek|nok|dkk|pln|czk|cad|aud|dollars?|euros?|"
                    r"pounds|bucks|yen|francs|rupees|kr)\b)"
                ),
            ),
            ("size", rf"\b{_AMOUNT}\s?(?:[kmgtp]i?b|(?:kilo|mega|giga|tera|peta)?bytes?)\b"),
            (
                "duration",
                (
                    rf"\b(?:{_AMOUNT}|an?|half an?)[ -]?(?:(?:business|working|calendar|full)\s)?"
                    r"(?:ms|milliseconds?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|"
                    r"fortnights?|months?|quarters?|years?|yrs?)\b(?!\s+old)"
                ),
            ),
            ("version", r"\b(?-i:v)\d+(?:\.\d+)*\b|\b\d+\.\d+\.\d+(?:\.\d+)*\b|(?<=version )\d+(?:\.\d+)*"),
            ("phone", r"\+\d[\d ()-]{6,}\d"),
            (
                "code",
                (
                    r"\b[A-Z]{1,5}-\d{2,}\b|"
                    r"\b(?=[A-Z\d-]{0,30}\d)(?=[A-Z\d-]{0,30}[A-Z])[A-Z\d]{2,20}(?:-[A-Z\d]{1,20})+\b"
                ),
            ),
            ("weekday", r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekends?|weekdays?|daily|every day)\b"),
            ("year", r"\b(?:19|20)\d\d\b(?![,.]\d)"),
            ("month", rf"\b(?!may\b){_MONTH}\b"),
            ("number", rf"(?<![\w.-])(?:{_AMOUNT})(?![\w%]|-\d)"),
        )
    ),
    re.IGNORECASE,
)
_BEGINNINGS = "|".join(
    sorted(
        {word[:3] for word in (*_WORDS, *_MONTHS)}
        | {*listed("mon tue wed thu fri sat sun week dail half usd eur gbp chf noon midnight http www round around")}
        | {"every", "day and", "at any"}
    )
)
_BEGINNING = re.compile(
    rf"[\d'\"\u201c\u2018$€£¥₹+]|(?<!\w)(?=an?[ -]|{_BEGINNINGS}|v\d|[\w.+-]*@|[a-z][a-z-]{{0,29}}\d)\w"
)
"""With what a value begins, in lower case: a mark, a figure, or one of few words. Nowhere else the slow scanner is tried."""
_COUNTING = re.compile(rf"\d|\b(?:{'|'.join(_WORDS)})\b")
_COUNTED = re.compile(r"\s*(?:more |other |separate |different |or )?([a-z][a-z-]{2,})", re.IGNORECASE)
_RATE = re.compile(r"an?\b")
_LASTING = re.compile(r"\b(?:for|in|within|after|than|takes?|lasts?|to|is|least|most|about|of)\s*$", re.IGNORECASE)
_PRONOUN_ONE = re.compile(r"\s*(?:of|another|who|that|which|is|was|has|can|should|by|more)\b", re.IGNORECASE)


@lru_cache(maxsize=8192)
def read_values(text: str) -> tuple[tuple[Value, ...], str]:
    """Return the values in `text`, in order, and the text with their places blanked out."""
    found = tuple(_scan(text))
    return tuple(value for _, _, value in found), _replaced(text, found, lambda _value: "")


def counts(text: str) -> bool:
    """Whether `text` may count something: never false where `read_values` finds a number."""
    return _COUNTING.search(lowered(text)) is not None


def canonical(text: str) -> str:
    """Return `text` with every value in it replaced by its normal form."""
    return _replaced(text, tuple(_scan(text)), lambda value: value.value)


def _scan(text: str) -> Iterator[tuple[int, int, Value]]:
    end = 0
    for begin in _BEGINNING.finditer(lowered(text)):
        match = _SCANNER.match(text, begin.start()) if begin.start() >= end else None
        if match is None:
            continue
        end = match.end()
        value = _value(match.lastgroup or "", match, text)
        if value is not None:
            yield match.start(), match.end(), value


def _replaced(text: str, found: Sequence[tuple[int, int, Value]], form: Callable[[Value], str]) -> str:
    parts: list[str] = []
    end = 0
    for start, stop, value in found:
        parts += [text[end:start], form(value)]
        end = stop
    return " ".join([*parts, text[end:]])


def number_of(text: str) -> Decimal | None:
    """Return the number that `text` writes in digits or English words (`1,000`, `5k`, `twenty-five`), or None."""
    text = text.strip().casefold()
    if text in {"a", "an"}:
        return Decimal(1)
    if text.startswith("half"):
        return Decimal("0.5")
    digits = re.match(_FIGURE, text)
    if digits is not None:
        number = Decimal(_plain_digits(digits.group()))
        return number * _MULTIPLIERS.get(text[digits.end() :].strip(), 1)
    words = re.split(r"[ -]", text)
    if not all(word in _WORDS for word in words):
        return None
    total = Decimal(0)
    for word in words:
        number = Decimal(_WORDS[word])
        total = total * number if number >= _WORDS["hundred"] and total else total + number
    return total


def _plain_digits(figure: str) -> str:
    if re.fullmatch(r"\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?", figure):
        return figure.replace(",", "").replace(" ", "")
    return figure.replace(",", ".")


def _value(name: str, match: re.Match[str], text: str) -> Value | None:
    raw = match.group().casefold().strip()
    if name == "duration" and _RATE.match(raw) and not _LASTING.search(text[: match.start()]):
        return None
    if name == "number":
        return _counted(raw, text[match.end() :])
    if name in _SIMPLE:
        return _SIMPLE[name](raw)
    return Value(Kind(name), raw)


def _counted(raw: str, following: str) -> Value | None:
    number = number_of(raw)
    if number is None or (raw == "one" and _PRONOUN_ONE.match(following)):
        return None
    noun = _COUNTED.match(following)
    counted = noun.group(1).casefold() if noun else ""
    return Value(Kind.NUMBER, _text(number), "" if counted in STOP_WORDS else stem(counted))


def _money(raw: str) -> Value:
    figure = re.search(_AMOUNT, raw, re.IGNORECASE)
    number = number_of(figure.group()) if figure else None
    unit = (raw[: figure.start()] + raw[figure.end() :]).strip() if figure else ""
    return Value(Kind.MONEY, _text(number or Decimal(0)), _CURRENCIES.get(unit, unit))


def _measured(kind: Kind, units: dict[str, int | Decimal]) -> Callable[[str], Value]:
    def read(raw: str) -> Value:
        unit = re.split(r"[\d\s-]+", raw)[-1]
        amount = number_of(re.sub(rf"[\s-]?(?:(?:business|working|calendar|full)\s)?{re.escape(unit)}$", "", raw))
        scale = units.get(unit, units.get(unit.removesuffix("s"), units.get(f"{unit}s", 1)))
        return Value(kind, _text((amount or Decimal(0)) * scale))

    return read


def _percent(raw: str) -> Value:
    number = number_of(re.sub(r"\s?(?:%|percent|per cent)$", "", raw))
    return Value(Kind.PERCENT, _text(number or Decimal(0)))


def _clock(raw: str) -> Value:
    return Value(Kind.CLOCK, _minutes(raw))


def _hours(raw: str) -> Value:
    first, last = re.split(r"\s?(?:-|\u2013|to|until|till|and)\s?", raw, maxsplit=1)
    start, end = _minutes(first), _minutes(last)
    return Value(Kind.HOURS, f"{start}-{end}")


def _minutes(raw: str) -> str:
    if raw in {"noon", "midnight"}:
        return "12:00" if raw == "noon" else "00:00"
    figures = re.findall(r"\d+", raw)
    hour, minute = int(figures[0]), int(figures[1]) if len(figures) > 1 else 0
    if re.search(r"p\.?m", raw) and hour < 12:  # noqa: PLR2004 -- hours of a half day
        hour += 12
    if re.search(r"a\.?m", raw) and hour == 12:  # noqa: PLR2004 -- 12 am is midnight
        hour = 0
    return f"{hour:02}:{minute:02}"


def _date(raw: str) -> Value:
    month = next(number for number, name in enumerate(_MONTHS, 1) if re.search(rf"\b{name[:3]}", raw))
    figures = re.findall(r"\d+", raw)
    day = next((int(f) for f in figures if len(f) <= 2), 0)  # noqa: PLR2004 -- digits of a day
    year = next((f for f in figures if len(f) == 4), "-")  # noqa: PLR2004 -- digits of a year
    return Value(Kind.DATE, f"{year}-{month:02}-{day:02}")


def _month(raw: str) -> Value:
    return Value(Kind.MONTH, next(name for name in _MONTHS if name.startswith(raw[:3])))


def _weekday(raw: str) -> Value:
    day = raw.removesuffix("s") if raw.endswith("days") else raw
    return Value(Kind.WEEKDAY, "day" if day in {"daily", "every day"} else day)


def _text(number: Decimal) -> str:
    return format(number.normalize(), "f")


_SIMPLE: dict[str, Callable[[str], Value]] = {
    "quote": lambda raw: Value(Kind.QUOTE, raw.strip("'\"\u201c\u201d\u2018\u2019 .,")),
    "email": lambda raw: Value(Kind.ADDRESS, raw.rstrip(".")),
    "url": lambda raw: Value(Kind.ADDRESS, raw.rstrip(".,/")),
    "phone": lambda raw: Value(Kind.ADDRESS, re.sub(r"\D", "", raw)),
    "always": lambda _raw: Value(Kind.HOURS, ALWAYS),
    "hours": _hours,
    "iso": lambda raw: Value(Kind.DATE, raw),
    "date": _date,
    "clock": _clock,
    "percent": _percent,
    "money": _money,
    "size": _measured(Kind.SIZE, _SIZES),
    "duration": _measured(Kind.DURATION, _SECONDS),
    "version": lambda raw: Value(Kind.VERSION, raw.removeprefix("v")),
    "weekday": _weekday,
    "month": _month,
}
