"""What "it" and "they" mean, only where that is certain.

`I changed the topic, it is about mosses now`: the clause before names one single thing, so "it" is that. A new sentence may
as well point at all that was told (`It was so moving`, `It keeps me going`), so there the thing must be what the sentence
before is about or does something with, and nothing may be judged or done to the speaker. "They" who do something to the
speaker, and of whom nothing was said, are somebody: `they moved me to the night shift`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from synap.domain.roles import ANIMALS
from synap.ingestion import verbs
from synap.ingestion.clauses import Clause
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.calendar import MONTHS, SEASONS, WEEKDAYS
from synap.ingestion.lexicon.cues import EVALUATIONS, EVENT_NOUNS
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.shapes import Word, is_name, words_of

_IT = re.compile(r"(?:and |but |so )?it (?=(?:is|was|has|will|does|can|now|[a-z]+s)\b)", re.IGNORECASE)
_DUMMY = re.compile(
    r"(?:and |but |so )?it (?:is|was|has been|will be|seems?|looks?|takes?|feels?|means?|depends?|turns? out|happens?|helps?|"
    r"(?:rains?|snows?)\b)(?: (?:a|an|the|very|really|so|too|quite|pretty|such|all|just|not|about|around|almost|nearly))* ?(?P<next>[\w'-]*)"
    r"(?P<after>(?: [\w'-]+){0,3})",
    re.IGNORECASE,
)
_JUDGED = re.compile(
    r"(?:and |but |so )?it (?:is|was|has been|will be|feels?|felt) (?:so|really|very|quite|pretty|such)\b",
    re.IGNORECASE,
)
_OPENS_ANEW = re.compile(r"it (?P<verb>[\w']+)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_BE = word_set("is was has will does can had")
_WEATHER = word_set(
    "raining snowing cold hot warm late early time true clear likely possible hard easy that to what because like my our dark windy"
)
_THEY = re.compile(
    r"(?:and |but |so )?they (?!(?:are|were|have|had|will|would|can|could|do|did|seem|feel|look)\b)(?=\w+(?: \w+)? (?:me|us|my|our)\b)",
    re.IGNORECASE,
)
_STOPPERS = (
    lexicon.AUXILIARIES
    | lexicon.PREPOSITIONS
    | lexicon.CONJUNCTIONS
    | lexicon.SUBORDINATORS
    | lexicon.ADVERBS
    | lexicon.SPEAKER
    | lexicon.GROUP
    | lexicon.ADDRESSEE
    | lexicon.THIRD
    | lexicon.THINGS
    | {"to", "where", "who", "whom", "which", "that", "when"}
)
_POSSESSED = ("my", "our", "the", "a", "an")
_TIMES = frozenset({*MONTHS, *WEEKDAYS, *SEASONS}) | word_set(
    "day week month year morning evening night time way lot bit"
)
_NO_PART = word_set("wrong old former previous new right actual")
_JOINING = frozenset({"of", "for"})
_MOST_WORDS = 5


def pointed(clauses: Sequence[Clause], before: str = "") -> list[Clause]:
    """Return the clauses with "it" at the beginning of one replaced by the one thing that the clause before names.

    Args:
        clauses: The clauses of a sentence, contractions written out.
        before: The sentence before, which the first of them may point to.
    """
    found: list[Clause] = []
    for clause in clauses:
        earlier = found[-1].text if found else before
        named = _named(clause.text, earlier, apart=not found)
        found.append(replace(clause, text=_somebody(named, earlier)))
    return found


def _named(text: str, earlier: str, *, apart: bool) -> str:
    """Return a clause with its "it" named; `apart` from the clause before, in a sentence of its own."""
    match = _IT.match(text)
    if match is None or not earlier or _idle(text) or (apart and not _tells_of_a_thing(text)):
        return text
    things = _things(earlier, whole=apart)
    return things[0] + " " + text[match.end() :] if len(things) == 1 else text


def _tells_of_a_thing(text: str) -> bool:
    """Whether a sentence tells what something does, or where, when or of what it is, and nothing of the speaker.

    What is judged, or what does something to the speaker, may be all that was told before.
    """
    match = _OPENS_ANEW.match(text)
    words = words_of(match["rest"]) if match is not None else ()
    if match is None or any(word.lower in lexicon.SPEAKER | lexicon.GROUP for word in words):
        return False
    told = [word for word in words if word.lower not in lexicon.ADVERBS]
    if match["verb"].casefold() not in _BE:
        return True
    return bool(told) and (
        told[0].lower in lexicon.PREPOSITIONS
        or told[0].text[0].isdigit()
        or is_name(told[0].text)
        or verbs.is_participle(told[0].lower)
        or verbs.is_base(told[0].lower)
        or (verbs.base_of_gerund(told[0].lower) is not None and told[0].lower not in EVALUATIONS)
    )


def _idle(text: str) -> bool:
    """Whether "it" stands for nothing in particular: `it is raining`, `it was great`, `it was so loud`, `it is my birthday`."""
    if _JUDGED.match(text) is not None:
        return True
    match = _DUMMY.match(text)
    if match is None:
        return False
    following = match["next"].casefold()
    told = [word.casefold() for word in (match["next"], *match["after"].split())]
    if following in ("my", "our"):
        return any(word in EVENT_NOUNS for word in told)
    return not following or following in _WEATHER or following in EVALUATIONS


def _things(clause: str, *, whole: bool = False) -> list[str]:
    """Return the single things that a clause names, as noun phrases: with an article or owner, or by a name.

    With `whole` none where one stands behind a preposition, so that it is but a circumstance of what was told.
    """
    words = words_of(clause)
    found: list[str] = []
    place = 0
    while place < len(words):
        end = _phrase_end(words, place)
        if end <= place:
            place += 1
            continue
        head = words[end - 1].lower
        if whole and place and words[place - 1].lower in lexicon.PREPOSITIONS:
            return []
        end = _with_its_part(words, end)
        several = words[place].lower in _POSSESSED and _plural(head)
        if head not in _TIMES and not several and not _person(words[place:end]):
            told = " ".join(word.text for word in words[place:end] if word.lower not in _NO_PART)
            found.append(re.sub(r"^an? ", "the ", told, flags=re.IGNORECASE))
        place = end
    return list(dict.fromkeys(found))


def _phrase_end(words: Sequence[Word], place: int) -> int:
    """Return where a noun phrase that begins at a place ends, or the place itself where none begins."""
    if words[place].lower in _POSSESSED:
        end = place + 1
        while end < len(words) and end - place <= _MOST_WORDS and _part(words, end, place):
            end += 1
        return end if end > place + 1 else place
    named = place > 0 and is_name(words[place].text) and words[place].lower not in _TIMES
    end = place
    while named and end < len(words) and is_name(words[end].text):
        end += 1
    return end


def _part(words: Sequence[Word], end: int, start: int) -> bool:
    lower = words[end].lower
    if lower in _STOPPERS or (end > start + 1 and _plural(words[end - 1].lower) and verbs.is_base(lower)):
        return False
    verb = verbs.base_of_third(lower) is not None or (verbs.base_of_past(lower) is not None and verbs.looks_past(lower))
    return not (verb and end > start + 1)


def _with_its_part(words: Sequence[Word], end: int) -> int:
    """Return the end of a phrase with what it is of or for (`the alarm code for the shed`)."""
    if end < len(words) and words[end].lower in _JOINING and end + 1 < len(words):
        inner = _phrase_end(words, end + 1)
        return inner if inner > end + 1 else end
    return end


def _plural(head: str) -> bool:
    return head.endswith("s") and not head.endswith(("ss", "us", "is", "'s"))


def _person(words: Sequence[Word]) -> bool:
    owners = (word.lower.removesuffix("'s") for word in words)
    return any(owner in lexicon.PEOPLE and owner not in ANIMALS for owner in owners)


def _somebody(text: str, earlier: str) -> str:
    """Put "somebody" in the place of a "they" of whom nothing was said, and who does something to the speaker."""
    match = _THEY.match(text)
    if match is None or any(_plural(word.lower) or word.lower in lexicon.PEOPLE for word in words_of(earlier)):
        return text
    return f"{text[: match.start()]}somebody {text[match.end() :]}"
