"""The grammar of dates in English: the ways of naming a day, a month, a season or a year.

A rule is a pattern and a function from its match to a `When` (`date_rules`). Rules never guess: what could be a
version, a price or a score matches none of them. Quantifiers are bounded, so a scan is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from synap.domain.memories import When
from synap.ingestion import date_rules as mean
from synap.ingestion import named_days as named
from synap.ingestion.date_rules import Anchor
from synap.ingestion.lexicon import calendar as names

_MONTH = "|".join(sorted(names.MONTHS, key=len, reverse=True))
_WEEKDAY = "|".join(
    f"{name}s?" if name.endswith("day") else name for name in sorted(names.WEEKDAYS, key=len, reverse=True)
)
_SEASON = "|".join(names.SEASONS)
_NUMBER = r"\d{1,3}|" + "|".join(sorted((re.escape(n) for n in names.NUMBERS), key=len, reverse=True))
_YEAR = r"(?:19|20)\d\d"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_ORDINAL = "|".join(names.ORDINALS)
_UNIT = r"days?|nights?|weeks?|fortnights?|months?|quarters?|years?|decades?"
_FEAST = "|".join(
    sorted((re.escape(n) for n in (*names.FIXED_FEASTS, *names.MOVING_FEASTS)), key=len, reverse=True),
).replace("'", "['\u2019]")
_WHICH = r"(?:this|next|last|coming|upcoming|previous)"


@dataclass(frozen=True, slots=True)
class Rule:
    """One way of naming a time.

    Attributes:
        pattern: What it looks like.
        build: From a match to the time meant; None when the match is no date after all.
        relative: Whether the words only make sense beside the day on which they were said.
    """

    pattern: re.Pattern[str]
    build: Callable[[re.Match[str], Anchor], When | None]
    relative: bool = True


def _rule(pattern: str, build: Callable[[re.Match[str], Anchor], When | None], *, relative: bool = True) -> Rule:
    return Rule(re.compile(rf"(?<![\w.$€£/-])(?:{pattern})(?!\w)", re.IGNORECASE), build, relative)


_DAY_NAME = rf"(?:(?:{_WEEKDAY})\.?,?\s+(?:the\s+)?)?"
_PART = r"(?:morning|afternoon|evening|night)"
_NO_NUMBER_AFTER = r"(?![.:/-]?\d)"

RULES: tuple[Rule, ...] = (
    _rule(rf"(?P<y>{_YEAR})-(?P<m>\d\d)-(?P<d>\d\d)(?:T\d\d:\d\d(?::\d\d)?Z?)?(?!\.\d)", mean.iso_day, relative=False),
    _rule(rf"(?P<y>{_YEAR})/(?P<m>\d\d?)/(?P<d>\d\d?)(?![./]\d)", mean.iso_day, relative=False),
    _rule(rf"(?P<y>{_YEAR})-(?P<m>0[1-9]|1[0-2])(?![-.]?\d)", mean.iso_month, relative=False),
    _rule(rf"(?P<a>\d\d?)(?P<s>[./-])(?P<b>\d\d?)(?P=s)(?P<y>{_YEAR}|(?<=/)\d\d)(?![./-]?\d)", mean.numeric, relative=False),
    _rule(
        rf"{_DAY_NAME}(?:the\s+)?(?P<d>{_DAY})(?:st|nd|rd|th)?(?:(?:\s?[-\u2013]\s?|\s+(?:to|until|till|through|and)\s+)(?P<last>{_DAY})(?:st|nd|rd|th)?)?(?:\s+of)?\s+(?P<month>{_MONTH})\.?(?:,?\s+(?P<y>{_YEAR}))?",
        mean.day_of_month,
        relative=False,
    ),
    _rule(
        rf"{_DAY_NAME}(?P<month>{_MONTH})\.?\s+(?:the\s+)?(?P<d>{_DAY})(?:st|nd|rd|th)?(?:(?:\s?[-\u2013]\s?|\s+(?:to|until|till|through|and)\s+)(?P<last>{_DAY})(?:st|nd|rd|th)?)?{_NO_NUMBER_AFTER}(?:,?\s+(?P<y>{_YEAR}))?",
        mean.day_of_month,
        relative=False,
    ),
    _rule(
        rf"(?:the\s+)?(?:(?P<ordinal>{_ORDINAL})(?:\s+(?:(?P<day>{_WEEKDAY})|day))?|(?P<d>{_DAY})(?:st|nd|rd|th))\s+(?:of\s+)?(?:every|each|the)\s+month",
        named.recurring_nth,
    ),
    _rule(
        rf"(?P<ordinal>{_ORDINAL})\s+(?P<day>{_WEEKDAY})\s+(?:of|in)\s+(?:(?:the|(?P<which>{_WHICH}))?\s*(?P<unit>month)|(?P<month>{_MONTH})\.?(?:,?\s+(?:of\s+)?(?P<y>{_YEAR}))?)",
        named.nth_weekday,
    ),
    _rule(
        rf"(?:every|each)\s+(?:(?:other|single|{_ORDINAL})\s+)?(?P<day>{_WEEKDAY})(?:(?:,|\s+and|\s+or|\s*&)\s+(?:{_WEEKDAY}))*(?:\s+{_PART}s?)?(?:\s+of\s+(?:the|every|each)\s+month)?",
        named.recurring,
    ),
    _rule(
        rf"(?:every|each)\s+(?:(?:other|second|single|two|three|four|five|six|\d{{1,2}})\s+)?(?:(?:day|week|month|quarter|year|morning|evening|night|afternoon|weekday|weekend)s?|{_SEASON}|{_MONTH}|{_FEAST})(?:\s+{_PART})?",
        named.recurring,
    ),
    _rule(rf"(?P<day>{_WEEKDAY})\s+{_PART}s", named.recurring),
    _rule(r"(?P<day>(?:mon|tues|wednes|thurs|fri|satur|sun)days)(?:(?:,|\s+and|\s*&)\s+(?:mon|tues|wednes|thurs|fri|satur|sun)days)*", named.recurring),
    _rule(rf"(?P<day>{_WEEKDAY})\s*(?:to|through|thru|till|until|-|\u2013)\s*(?:{_WEEKDAY})", named.weekdays_in_a_row),
    _rule(r"(?:the\s+)?day\s+(?:after\s+tomorrow|before\s+yesterday)", mean.relative_day),
    _rule(
        r"(?:(?:early|late|earlier|later)\s+)?(?:today|yesterday|tomorrow)(?:\s+(?:morning|afternoon|evening|night))?|tonight|last\s+night|(?:earlier\s+)?this\s+(?:morning|afternoon|evening)",
        mean.relative_day,
    ),
    _rule(rf"(?:(?P<exact>exactly|precisely)\s+)?(?P<n>{_NUMBER})\s+(?P<unit>{_UNIT})\s+(?:ago|back)", mean.ago),
    _rule(rf"(?:half\s+an\s+hour|(?:{_NUMBER})\s+(?:hours?|minutes?|mins?))\s+ago", mean.just_ago),
    _rule(r"half\s+a\s+year\s+(?:ago|back)|(?P<ahead>in)\s+half\s+a\s+year", mean.half_a_year),
    _rule(rf"(?P<n>{_NUMBER})\s+(?P<day>{_WEEKDAY})\s+ago", named.weekdays_ago),
    _rule(rf"(?:(?:on\s+)?the\s+)?(?P<day>{_WEEKDAY})\s+before\s+last", named.weekdays_ago),
    _rule(rf"(?:(?:on\s+)?the\s+)?(?P<day>{_WEEKDAY})\s+after\s+next", named.weekday_after_next),
    _rule(rf"(?:on\s+)?(?P<day>{_WEEKDAY})\s+(?:of\s+)?(?P<week>this|last|previous)\s+week", named.weekday_of_last_week),
    _rule(rf"(?P<week>last|previous|this)\s+week(?:\s+on|\s*,)?\s+(?P<day>{_WEEKDAY})", named.weekday_of_last_week),
    _rule(rf"(?P<n>{_NUMBER})\s+weeks?\s+(?:from|after|on)\s+(?P<base>today|tomorrow|now|{_WEEKDAY})", mean.from_day),
    _rule(rf"(?:on\s+)?(?P<n>)(?P<base>{_WEEKDAY}|tomorrow)\s+week(?!\s+(?:\d|of|in)|\w)", mean.from_day),
    _rule(
        rf"(?:in\s+|during\s+)?(?:the\s+)?(?P<ordinal>first|second)\s+half\s+of\s+(?:(?P<y>{_YEAR})|the\s+year|(?P<which>this|next|last)\s+year)",
        named.half,
    ),
    _rule(rf"H(?P<h>[12])\s+(?:of\s+)?(?P<y>{_YEAR})", named.half),
    _rule(rf"(?:once|twice|(?:{_NUMBER})\s+times)\s+(?:a|an|per|each|every)\s+(?:day|week|month|quarter|year)", named.recurring),
    _rule(r"(?:on|at)\s+(?:weekdays|weekends|the\s+weekends)", named.recurring),
    _rule(rf"in\s+(?:about\s+)?(?P<n>{_NUMBER})\s+(?P<unit>{_UNIT})(?:['\u2019]s?\s+time)?(?!\s+of\b|\s+or\b|-)", mean.ahead),
    _rule(rf"(?P<n>{_NUMBER})\s+(?P<unit>{_UNIT})\s+from\s+(?:now|today)", mean.ahead),
    _rule(r"the\s+(?P<unit>week|weekend|month|year)\s+(?P<side>after|before)\s+(?:next|last)", mean.after_next),
    _rule(r"(?P<edge>EO[MYQW])(?P<month>)(?P<q>)(?P<bare>)(?P<unit>)(?P<which>)(?P<y>)", mean.edge),
    _rule(
        rf"(?:the\s+)?(?P<edge>end|start|beginning|close|early|late|mid|middle)[\s-]+(?:of\s+|in\s+)?(?:the\s+)?(?:(?P<which>{_WHICH})\s+)?(?:(?P<unit>week|month|quarter|year)|(?P<month>{_MONTH})|(?P<q>q[1-4])|(?P<bare>{_YEAR}))(?:,?\s+(?:of\s+)?(?P<y>{_YEAR}))?",
        mean.edge,
    ),
    _rule(rf"(?:(?P<which>{_WHICH}|past|on|by|until|till)\s+)?(?P<day>{_WEEKDAY})(?:\s+(?P<late>(?:of\s+)?next\s+week))?(?:\s+(?:morning|afternoon|evening|night))?", named.weekday),
    _rule(rf"next\s+week\s+(?:on\s+)?(?P<day>{_WEEKDAY})", named.weekday_of_next_week),
    _rule(rf"(?P<which>{_WHICH})\s+(?P<unit>week|weekend|month|quarter|year|decade)", mean.which_unit),
    _rule(r"(?P<place>on|over|at|this|during)\s+(?:the\s+)?weekend", mean.bare_weekend),
    _rule(
        rf"(?:(?:in|during|over|of)\s+(?:the\s+)?)?(?:(?P<which>this|next|last|coming|by|until|since)\s+)?(?P<season>{_SEASON})(?:\s+(?:of\s+)?(?P<y>{_YEAR}))?",
        named.season,
    ),
    _rule(rf"(?:(?P<which>{_WHICH}|in|by|until|till|through|thru|since|starting|beginning|from|during|for|before|after|of)\s+)?(?:(?<!\d\s)(?P<month>{_MONTH})\.?,?\s+(?:of\s+)?(?P<y>{_YEAR}))", mean.bare_month, relative=False),
    _rule(rf"(?P<which>{_WHICH}|in|by|until|till|through|thru|since|starting|beginning|from|during|before|after)\s+(?P<month>{_MONTH})(?P<y>)(?!\.?\s*\d)", mean.bare_month),
    _rule(rf"(?P<which>to)\s+(?P<month>{_MONTH})(?P<y>)(?!\.?\s*\d)", mean.month_reached),
    _rule(rf"(?P<q>q[1-4])(?:\s+(?:of\s+)?|\s*[-/']\s*)(?P<y>{_YEAR}|\d\d)|(?:the\s+)?(?P<ordinal>first|second|third|fourth|last)\s+quarter(?:\s+of\s+(?P<y2>{_YEAR}))?", mean.quarter),
    _rule(r"(?:(?<=\bin\s)|(?<=\bby\s)|(?<=\bsince\s)|(?<=\buntil\s)|(?<=\bduring\s)|(?<=\bof\s))(?P<q>q[1-4])(?P<y>)|(?P<q0>q[1-4])(?=[.,;!?)]|\s*$)", mean.bare_quarter),
    _rule(rf"(?:on|by|until|till|before|since)\s+the\s+(?P<d>{_DAY})(?:st|nd|rd|th)(?:\s+of\s+(?P<which>this|next|last)\s+month)?(?!\s+(?!at\b|and\b|but\b|so\b|for\b|to\b|because\b)\w)", named.nth_of_month),
    _rule(rf"(?:in|since|by|until|till|from|during|of|before|after|around|circa|for|back\s+in|class\s+of|year)\s+(?P<y>{_YEAR})(?![.,:/%-]?\d|\s*(?:%|\$|€|usd|eur|dollars|euros|people|users|units|items|words|requests|times|steps|miles|km|kg|ms|mb|gb))", named.bare_year, relative=False),
    _rule(rf"(?:the\s+)?(?:(?:early|mid|late)[\s-]+)?(?:(?P<n>(?:19|20)\d0|(?<=['\u2019])[2-9]0|(?<=the\s)[2-9]0)['\u2019]?s|(?P<word>{'|'.join(names.DECADES)}))", named.decade, relative=False),
    _rule(rf"(?:(?P<which>this|next|last|by|until|for|before|after|over|at|on|since)\s+)?(?P<feast>{_FEAST})(?:\s+(?:of\s+)?(?P<y>{_YEAR}))?(?!\s+(?:tree|market|present|gift|card|song|carol|party|movie|cookies|dinner|decorations|lights))", named.feast),
)  # fmt: skip
"""All rules; of overlapping matches the longest counts."""
