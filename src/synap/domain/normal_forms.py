"""Normal forms for comparison: of subjects, of values, and of the noun phrases that name an attribute."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from synap.domain.slot_table import GENERIC_MODIFIERS, LEGAL_SUFFIXES
from synap.domain.terms import stem
from synap.domain.values import canonical, read_values
from synap.domain.wordlists import listed

USER = "the user"

UNRESOLVED = frozenset(
    listed(
        """
    it this that these those there he she they you who which what everyone everybody someone somebody anyone
    anybody nobody his her their its here him them such one not
    """
    )
)
"""Words that leave open who or what is meant."""

SUBORDINATORS = frozenset(
    {"since", "when", "while", "because", "after", "before", "although", "though", "once", "until", "whenever", "if"}
)
_SELF = frozenset(
    {"i", "me", "my", "mine", "myself", "we", "us", "our", "ours", USER, "user", f"{USER}'s", "user's", ""}
)
_WITH_OTHERS = " and others"
"""What a `we` adds to its speaker: what it states is an attribute of the speaker as well."""
_DETERMINER = re.compile(r"^(?:(?:the|an?|all|every|each|any|some|this|that|both)\s+)+", re.IGNORECASE)
_OWN = re.compile(r"^(?:my|our|the user(?:['\u2019]s))\s+(?:own\s+)?", re.IGNORECASE)
_FINITE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|does|did|will|to be|going to|because|that|which|who)\b", re.IGNORECASE
)
_FILLERS = frozenset(
    listed(
        """
    the a an on at by to of from in for up about around exactly only per each every until and or
    """
    )
)
_PLAN_WORDS = frozenset({"plan", "tier", "environment", "edition"})
_NOT_TELLING = GENERIC_MODIFIERS | _FILLERS | {"user", "all", "any", "s"}
_MOST_SUBJECT_WORDS = 7


@lru_cache(maxsize=8192)
def normalise_subject(text: str, *, owner: str = USER) -> str:
    """Return the name of a subject for comparison: lower case, no articles or legal suffix; `my sister` → `sister`.

    `owner` is what first-person words stand for. A possessive of somebody else stays as a name in front:
    `Dana's sister` → `dana sister`.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'").split()).strip(' .,;:!"')
    plain = plain.removesuffix(_WITH_OTHERS) or plain
    if plain in _SELF:
        return owner
    mine = _OWN.match(plain) is not None and owner != USER
    plain = undetermined(_OWN.sub("", plain))
    plain = re.sub(r"(?<=s)'(?= |$)|'s\b", "", f"{owner} {plain}" if mine else plain)
    return " ".join(_without_suffix(plain.split())).strip(" ,") or owner


def subject_of(text: str | None, owner: str) -> str | None:
    """Return the normalised subject, or None where a pronoun leaves open who is meant or the words are no noun phrase."""
    if text is None:
        return owner
    subject = normalise_subject(text, owner=owner)
    words = subject.split()
    if words[0] in UNRESOLVED | SUBORDINATORS or len(words) > _MOST_SUBJECT_WORDS or is_clause(text):
        return None
    return subject


def normalise_value(text: str) -> str:
    """Return a value for comparison: measures in normal form, other words in lower case, articles and fillers dropped."""
    text = text.strip(" \t.,;:!\"\u201c\u201d'\u2018\u2019")
    values, rest = read_values(text)
    telling = [word for word in re.findall(r"[\w+#.-]+", rest.casefold()) if word.strip(".-") and word not in _FILLERS]
    if values and not telling:
        return " ".join(f"{value.value} {value.noun}".strip() for value in values)
    plain = unicodedata.normalize("NFKC", canonical(text) if values else text).casefold().replace("\u2019", "'")
    words = [word.strip('.,;:!"()') for word in undetermined(plain).split()]
    words = [word for word in words if word and not (values and word in _FILLERS)]
    return " ".join(_without_suffix(words))


def normalise_name(text: str) -> str:
    """Return a name for comparison: lower case, no determiners or legal suffix; `Jan` and `May` stay names."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
    words = [word.strip(".,;:!\"()'") for word in undetermined(plain).split()]
    return " ".join(_without_suffix([word for word in words if word]))


def phrase_stems(phrase: str) -> str:
    """Return the telling words of a noun phrase, stemmed and sorted, so that neither order nor inflection matters."""
    words = re.findall(r"[^\W_]+(?:[-/][^\W_]+)*", phrase.casefold().replace("'s", "").replace("\u2019s", ""))
    telling = [word.replace("-", "") for word in words if word not in _NOT_TELLING]
    kept = [word for word in telling if word not in _PLAN_WORDS] or telling
    return " ".join(sorted({stem(word) for word in kept}))


def undetermined(text: str) -> str:
    """Return `text` without articles and other determiners in front."""
    return _DETERMINER.sub("", text)


def owned(text: str) -> str | None:
    """Return what stands behind `my`, `our` or `the user's`, or None where nobody of these owns it."""
    match = _OWN.match(text)
    return text[match.end() :] if match else None


def is_name(text: str) -> bool:
    """Whether all words are capitalised, with no article in front."""
    words = [word for word in text.split() if word.casefold() not in {"of", "and", "de"}]
    return bool(words) and all(word[0].isupper() for word in words) and not _DETERMINER.match(text)


def is_clause(text: str) -> bool:
    """Whether `text` holds a verb form or conjunction that no noun phrase has."""
    return _FINITE.search(text) is not None


def _without_suffix(words: list[str]) -> list[str]:
    while len(words) > 1 and words[-1].strip(".,") in LEGAL_SUFFIXES:
        words = words[:-1]
    return words
