"""Likes and dislikes as slots: what somebody likes or dislikes, and whether the clause says that this changed.

`I like coffee` and `I do not like coffee` may both stand; `I no longer like coffee` ends the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from synap.domain.memories import Slot
from synap.domain.normal_forms import UNRESOLVED, phrase_stems, subject_of

LIKING = "liking"
"""Slot of a like or dislike, qualified by its object."""

_ENDED = r"no longer|stopped|quit|gave up|have gone off|has gone off|went off|got tired of|used to"
_BEGUN = r"started|began|have started|has started|came to|grew to|learn(?:ed|t) to|have come to|has come to|now"
_DENIED = r"do not|does not|did not|never|can not"
_VERBS = (
    r"(?P<like>lik(?:es?|ing)|lov(?:es?|ing)|enjoy(?:s|ing)?|ador(?:es?|ing)|(?:am|is|are) (?:fond of|into|a fan of))"
)
_AGAINST = r"(?P<hate>hat(?:es?|ing)|dislik(?:es?|ing)|detest(?:s|ing)?|loath(?:es?|ing)|can not (?:stand|bear))"
_LIKES = re.compile(
    rf"^(?:(?P<s>[^,;:]{{1,40}}?)\s)??(?:(?:really|still|also|just|actually|absolutely|always)\s)*"
    rf"(?:(?:(?P<ended>{_ENDED})|(?P<begun>{_BEGUN})|(?P<denied>{_DENIED}))\s)?(?:(?:really|much|to|even)\s)*"
    rf"(?:{_AGAINST}|{_VERBS})\s(?P<o>[^,;:!?]+)$",
    re.IGNORECASE,
)
_AT_END = re.compile(
    r"\s(?:(?P<now>now|nowadays|these days|lately)|(?P<over>any ?more|any longer)|too|again|a lot|very much|so much|at all|"
    r"much|either|as well|instead)[\s.]*$",
    re.IGNORECASE,
)
_COMPARED = re.compile(r"\b(?:than|more|better|most|least|when|if|because)\b", re.IGNORECASE)
_LONGEST = 6


def likings_of(clause: str, owner: str) -> Iterator[Slot]:
    """Yield the liking or disliking that a clause states; `single` tells that it took the place of the opposite."""
    match = _LIKES.match(clause)
    if match is None or (subject := subject_of(match["s"], owner)) is None:
        return
    wanted, changed = match["o"], bool(match["ended"] or match["begun"])
    while (end := _AT_END.search(wanted)) is not None:
        changed = changed or bool(end["now"] or end["over"])
        wanted = wanted[: end.start()]
    stems = phrase_stems(wanted)
    if (
        not stems
        or _COMPARED.search(wanted)
        or len(wanted.split()) > _LONGEST
        or wanted.split()[0].casefold() in UNRESOLVED
    ):
        return
    positive = bool(match["like"]) is not bool(match["ended"] or match["denied"])
    yield Slot(subject=subject, name=f"{LIKING}:{stems}", value="yes" if positive else "no", single=changed)
