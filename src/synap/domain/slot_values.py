"""What kinds of values slots take: a boss is a name, a car a make, a home a place; moods, states and whereabouts fill none.

`My car is red` and `my boss is on holiday` say nothing about which car or boss it is, so they must not end what does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

from synap.domain.values import Kind, read_values
from synap.domain.wordlists import listed


class Takes(StrEnum):
    """What a slot takes as its value."""

    ANY = "any"
    """Whatever is neither a whereabouts nor a degree (`very kind`)."""
    NAME = "name"
    """Capitalised words that are no nationality, faith or time."""
    PLACE = "place"
    """A capitalised place; no tool, language or time."""
    THING = "thing"
    """A make, a model, or another noun phrase that holds a name or a number."""
    MEASURE = "measure"
    TIME = "time"
    DIGITS = "digits"
    """A number to dial or to type."""
    ROLE = "role"
    """What somebody does for a living; no judgement on it."""
    TIER = "tier"


_WHEREABOUTS = re.compile(
    r"(?:in|on|at|with|from|for|to|by|under|near|over|like|of|about|behind|next to|out|off|up|down|around|between|inside|"
    r"outside|without|here|there|away|back|gone|home)\b",
    re.IGNORECASE,
)
_DEGREE = re.compile(
    r"(?:so|very|too|quite|really|rather|pretty|extremely|super|bit|little|lot|more|less|much|always|never|often|usually|"
    r"being|getting|going|killing|driving|making|\w+er than)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?:(?:Dr|Mr|Mrs|Ms|Prof)\.? )?[A-Z][\w.&'\u2019-]*(?:(?: (?:de|van|von|der|da|di|del|la|le|bin|al|of|the|and|&))*"
    r" [A-Z0-9][\w.&'\u2019-]*){0,4}"
)
_AFTER_NAME = re.compile(
    r"\s(?:(?:from|in|at|with|who|for|since|on|as|by|these days|right now|now|again|today|instead|anymore)\b|[(\u2013\u2014-]).*$"
)
_DEMONYMS = frozenset(
    listed(
        """
        afghan african albanian algerian american andalusian arab arabian argentine argentinian armenian asian aussie
        australian austrian bavarian belgian bolivian bosnian brazilian brit british bulgarian cambodian canadian
        caribbean catalan chilean chinese colombian congolese croatian cuban cypriot czech danish dominican dutch
        ecuadorian egyptian english estonian ethiopian european filipino finnish flemish french georgian german ghanaian
        greek hispanic hungarian icelandic indian indonesian iranian iraqi irish israeli italian jamaican japanese
        jordanian kenyan korean kurdish latino latina latvian lebanese libyan lithuanian macedonian malaysian maltese
        mexican moldovan mongolian moroccan nepali nigerian norwegian pakistani palestinian persian peruvian polish
        portuguese romanian russian saudi scottish senegalese serbian singaporean slovak slovenian somali spanish sudanese
        swedish swiss syrian taiwanese tanzanian thai tunisian turkish ugandan ukrainian uruguayan venezuelan vietnamese
        welsh yemeni zimbabwean berliner londoner parisian californian texan
        anglican atheist buddhist catholic christian hindu jewish lutheran methodist mormon muslim orthodox protestant
        sikh republican democrat aries taurus gemini virgo libra scorpio sagittarius capricorn aquarius pisces
        """
    )
)
_TIMES = frozenset(
    listed(
        """
        monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
        september october november december christmas easter
        """
    )
)
_NO_PLACES = frozenset(
    listed(
        """
        ai android angular ansible asana aws azure bash bitbucket c c# c++ chrome clickup confluence css dart debian django
        docker edge elixir emacs excel figma firefox flask flutter fortran gcp git github gitlab gmail go golang google
        gradle graphql hadoop haskell helm hr html hubspot ios java javascript jenkins jira julia kafka kotlin kubernetes
        laravel latex linear linux lua macos mariadb marketing matlab maven medicare microsoft miro mongodb mysql next
        nextjs node nodejs notion numpy obsidian openai oracle outlook pandas perl php postgres postgresql powershell python
        pytorch r rails react redis remote ruby rust safari sales salesforce scala scrum shopify signal slack snowflake
        spark spotify sql sqlite svelte swift teams tensorflow terraform trello typescript ubuntu unix vim vscode vue
        whatsapp windows wordpress xcode zig zoom accounting engineering finance legal operations procurement product qa
        research support
        """
    )
)
"""What people move to without moving house: tools, programming languages, departments."""
_MEASURING = frozenset(Kind) - {Kind.WEEKDAY, Kind.DATE, Kind.MONTH, Kind.ADDRESS, Kind.QUOTE, Kind.CODE}
_TIMING = frozenset(
    {Kind.CLOCK, Kind.HOURS, Kind.WEEKDAY, Kind.DATE, Kind.MONTH, Kind.YEAR, Kind.DURATION, Kind.NUMBER}
)
_NO_MEASURE = re.compile(r"\b(?:unlimited|none|nothing|no limit|free|zero|waived)\b", re.IGNORECASE)
_NO_DAY = re.compile(
    r"\b(?:end|start|beginning|middle) of\b|\bq[1-4]\b|\b(?:spring|summer|autumn|fall|winter)\b", re.IGNORECASE
)
_ARTICLE = re.compile(r"(?:an?|the|my|our|his|her|their)\s+", re.IGNORECASE)
_INDEFINITE = re.compile(r"(?:an?|my|our|his|her|their|someone|somebody|one)\b", re.IGNORECASE)
_PROPER = re.compile(r"\b[A-Z][\w-]+|\d")
_SHORT_ROLE = 5
_SHORT_PLACE = 2
_NO_TOWNS = frozenset(
    listed(
        """
        fear peace harmony poverty luxury hope denial sin exile isolation hiding chaos comfort misery squalor style
        town downtown uptown suburbia suburbs cities towns villages country abroad nature pain silence debt
        flats houses apartments housing flat house apartment dorms dorm dormitories vans tents caravans hotels hostels
        student shared assisted temporary rented social sheltered council military company family small big tiny huge
        large old new different good bad great nice quiet noisy busy cheap expensive constant total close sync
        """
    )
)
"""Lower-case words that follow "lives in" without being a place; any other short one is a place typed without capitals."""


def name_in(value: str) -> str:
    """Return the name that a value is, without what follows it (`Ines from Lisbon`), or "" where it is none."""
    name = _AFTER_NAME.sub("", value.strip(" .!\"'\u201c\u201d"))
    first = name.split()[0].casefold() if name else ""
    return name if _NAME.fullmatch(name) and first not in _DEMONYMS else ""


def fits(takes: Takes, value: str, *, kinds: str = "") -> bool:
    """Whether a slot that takes `takes` can have `value`, as written; `kinds` is a pattern of words that name its kind."""
    value = value.strip()
    if _WHEREABOUTS.match(value) and takes not in (Takes.TIME, Takes.MEASURE):
        return False
    bare = _ARTICLE.sub("", value, count=1)
    if _DEGREE.match(bare):
        return False
    known = bool(kinds) and re.search(rf"\b(?:{kinds})\b", value, re.IGNORECASE) is not None
    return known or _FITTING[takes](value, bare)


def _place(value: str, bare: str) -> bool:
    first = re.match(r"[\w.+#-]+", bare)
    if _INDEFINITE.match(value) or first is None or first[0].casefold() in _NO_PLACES | _TIMES | _DEMONYMS:
        return False
    if re.search(r"\b[A-Z][a-z\u00e0-\u024f'\u2019.-]|\b[A-Z]{2,3}\b", value) is not None:
        return True
    words = value.casefold().split()
    return len(words) <= _SHORT_PLACE and value == bare and all(map(str.isalpha, words)) and _NO_TOWNS.isdisjoint(words)


def _thing(_value: str, bare: str) -> bool:
    return any(word.casefold() not in _DEMONYMS for word in _PROPER.findall(bare))


def _measure(value: str, _bare: str) -> bool:
    return any(found.kind in _MEASURING for found in read_values(value)[0]) or _NO_MEASURE.search(value) is not None


def _time(value: str, _bare: str) -> bool:
    return any(found.kind in _TIMING for found in read_values(value)[0]) or _NO_DAY.search(value) is not None


def _role(value: str, bare: str) -> bool:
    words = bare.split()
    return (
        bare != value or bare[:1].isupper() or (1 < len(words) <= _SHORT_ROLE and not words[0].endswith(("ing", "ed")))
    )


_FITTING: dict[Takes, Callable[[str, str], bool]] = {
    Takes.ANY: lambda _value, _bare: True,
    Takes.NAME: lambda value, _bare: bool(name_in(value)),
    Takes.PLACE: _place,
    Takes.THING: _thing,
    Takes.MEASURE: _measure,
    Takes.TIME: _time,
    Takes.DIGITS: lambda value, _bare: sum(map(str.isdigit, value)) > 2,  # noqa: PLR2004 - shorter ones are counts
    Takes.ROLE: _role,
    Takes.TIER: lambda value, bare: bare[:1].isupper() or len(value.split()) == 1,
}
