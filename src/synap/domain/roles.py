"""Roles: who somebody is to somebody else (`my manager`, `our landlord`), and whether one or several people fill it."""

from __future__ import annotations

import re

from synap.domain.wordlists import listed

_SYNONYMS = {
    "manager": "boss|supervisor|line manager",
    "partner": "wife|husband|spouse|girlfriend|boyfriend|fiance|fiancee|fiancé|fiancée|significant other",
    "ex-partner": "ex|ex-wife|ex-husband|ex-girlfriend|ex-boyfriend",
    "mother": "mom|mum|mama|mommy|mummy",
    "father": "dad|daddy|papa",
    "grandmother": "grandma|granny|nana",
    "grandfather": "grandpa|granddad",
    "team lead": "team leader",
    "landlord": "landlady",
    "neighbour": "neighbor",
    "flatmate": "roommate|housemate|room-mate",
    "colleague": "coworker|co-worker|workmate|teammate",
    "physiotherapist": "physio",
    "doctor": "gp|physician|family doctor",
    "therapist": "psychologist|counselor|counsellor",
    "dog": "puppy",
    "cat": "kitten",
    "ceo": "chief executive",
    "professor": "prof",
}
_SINGLE = listed(
    """
    mother-in-law father-in-law stepmother stepfather mentor landlord dentist lawyer accountant nanny babysitter
    hairdresser vet cto cfo coo advisor adviser architect plumber
    """
)
_SEVERAL = listed(
    """
    sister brother sibling son daughter child kid baby aunt uncle cousin niece nephew friend buddy mentee student
    teacher tutor coach trainer assistant client tenant classmate sister-in-law brother-in-law son-in-law
    daughter-in-law grandson granddaughter grandchild stepson stepdaughter stepsister stepbrother horse rabbit parrot
    hamster pet twin parent
    """
)
_MORE = ("account manager", "project manager", "product manager", "best friend", "team lead")

ROLES = {
    **{role: role for role in (*_SYNONYMS, *_SINGLE, *_SEVERAL, *_MORE)},
    **{word: role for role, words in _SYNONYMS.items() for word in words.split("|")},
}
"""The word for a role, and the role it names."""

SHARED = frozenset({*_SEVERAL, "colleague", "neighbour", "flatmate", "doctor", "therapist", "dog", "cat", "professor"})
"""Roles that several fill at a time; of the others a new filler ends the time of the one before."""

ANIMALS = frozenset(listed("dog cat horse rabbit parrot hamster pet"))

_WORDS = "|".join(re.escape(word) for word in sorted(ROLES, key=len, reverse=True))
ROLE_WORDS = rf"(?:{_WORDS})"
"""Pattern of all words for roles."""

FORMER = frozenset({"old", "former", "previous", "ex", "last", "late"})
_ADJECTIVES = rf"(?:(?P<adjective>new|current|own|dear|first|favou?rite|next|{'|'.join(sorted(FORMER))})[ -])?"
OWNED_ROLE = rf"{_ADJECTIVES}(?P<role>{ROLE_WORDS})\b(?!-)"
"""Pattern of a role behind its owner, with its groups `adjective` and `role`."""

_MINE = re.compile(rf"\b(?:my|our)\s+{OWNED_ROLE}", re.IGNORECASE)


def roles_asked_about(question: str) -> tuple[str, ...]:
    """Return the roles that a question names as the asker's own (`what does my boss like`), in order, each once."""
    found = [
        ROLES[match["role"].casefold()]
        for match in _MINE.finditer(question)
        if (match["adjective"] or "").casefold() not in FORMER
    ]
    return tuple(dict.fromkeys(found))


def role_of(name: str) -> str:
    """Return the role in the name of a role as an entity: `manager` of `the user's manager`."""
    return name.rpartition("'s ")[2]


def role_name(owner: str, role: str) -> str:
    """Return the name of a role as an entity: `the user's manager`."""
    return f"{owner}'s {role}"
