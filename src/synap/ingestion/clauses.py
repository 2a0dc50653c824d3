"""Clauses of a sentence: parts that each state one thing, with the subject carried over where it is left out.

`I'm vegetarian and allergic to nuts` holds two: `I am vegetarian` and `I am allergic to nuts`. A conjunction is only
cut where what follows has a verb, or continues a copula; lists of nouns and of infinitives stay whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from synap.ingestion import verbs
from synap.ingestion.contractions import expand
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.cues import TELEGRAPHIC_ADJECTIVES
from synap.ingestion.lexicon.feelings import FEELINGS
from synap.ingestion.shapes import Shape, SubjectKind, Word, analyse, is_name, words_of
from synap.ingestion.tenses import Tense

_JOINT = re.compile(
    r"\s*;\s+|\s+[\u2013—]\s*|\s+-{1,2}\s+|\s*\.{3}\s*|,?\s+(?:and|but|so|plus|yet|though|while|whereas)\s+(?:then\s+|also\s+|now\s+)?|,\s+"
)
_HARD = re.compile(r"[;\u2013—]|-{1,2}|\.{3}")
_OWN_SUBJECT = frozenset({"i", "we", "he", "she", "they", "it"})
_OTHERS = frozenset({"everyone", "everybody", "people", "someone", "somebody", "nobody", "friends"})
_TIME_LEADS = frozenset(
    {"these", "nowadays", "lately", "now", "today", "currently", "this", "last", "recently", "sometimes"}
)
_LEADS = (SubjectKind.SPEAKER, SubjectKind.GROUP, SubjectKind.OWN, SubjectKind.PERSON)
_CONTRACTED = re.compile(r"^(i|we|he|she|they|it)['\u2019]", re.IGNORECASE)
_OBJECT_OPENERS = lexicon.DETERMINERS | lexicon.PREPOSITIONS | {"to", "that", "not"}
_QUOTE = re.compile(r'(?<!\d)"')
_MOST_CLAUSES = 12


@dataclass(frozen=True, slots=True)
class Clause:
    """One statement's worth of a sentence.

    Attributes:
        text: It, standing alone: contractions written out, a left-out subject put in front.
        start, end: Code points of its own words in the sentence.
        carried: The subject was left out and taken from the clause before.
    """

    text: str
    start: int
    end: int
    carried: bool = False


def split(sentence: str) -> list[Clause]:
    """Return the clauses of a sentence in order; together their spans cover every word but the conjunctions."""
    clauses: list[Clause] = []
    start = 0
    opening = ""
    for joint in _JOINT.finditer(sentence):
        if joint.start() <= start or len(clauses) >= _MOST_CLAUSES or _inside_brackets(sentence, start, joint.start()):
            continue
        left = opening + expand(sentence[start : joint.start()])
        right = sentence[joint.end() :]
        carried = _continuation(left, right, joint[0], chained=(bool(clauses) and clauses[-1].carried) or bool(opening))
        if carried is None:
            continue
        clauses.append(Clause(left, start, joint.start(), carried=bool(opening)))
        start, opening = joint.end(), carried
    clauses.append(Clause(opening + expand(sentence[start:]), start, len(sentence), carried=bool(opening)))
    return clauses


def _inside_brackets(sentence: str, start: int, place: int) -> bool:
    piece = sentence[start:place]
    return (
        piece.count("(") > piece.count(")")
        or piece.count("“") > piece.count("”")
        or len(_QUOTE.findall(piece)) % 2 == 1
    )


def _continuation(left: str, right: str, joint: str, *, chained: bool) -> str | None:
    """Return what has to stand before the right side ("" where it has its own subject), or None where nothing is cut."""
    following = words_of(expand(right[:120]))
    before = analyse(left)
    only_how = joint.strip() == "so" and before.base == "be" and not before.rest  # "I am so happy for her"
    if only_how or len(following) < 2:  # noqa: PLR2004 - a clause has a subject or a verb, and something about it
        return None
    complete = before.kind is not SubjectKind.NONE and before.verb >= 0
    bare = joint.strip() == ","
    if following[0].lower in ("please", "pls"):
        return "" if complete else None
    if _starts_with_subject(right, bare=bare):
        return "" if complete or _HARD.search(joint) else None
    if _HARD.search(joint):
        return ""
    if bare and not (chained or _listed(right) or before.negated):
        return None  # "finished the exam, passed with 92": the second half only colours the first
    return _carried(before, following, bare=bare, chained=chained) if complete else None


def _listed(right: str) -> bool:
    """Whether a comma stands in a list of clauses: an "and" closes the list later on."""
    return re.search(r",?\s(?:and|but)\s", right) is not None


def _starts_with_subject(right: str, *, bare: bool) -> bool:
    expanded = expand(right[:160])
    words = words_of(expanded)
    first = words[0].lower
    if first in _OWN_SUBJECT:
        return words[1].lower not in ("and", "or")
    if not bare and (first in _OTHERS or first in lexicon.PREPOSITIONS or first in _TIME_LEADS):
        shape = analyse(expanded)
        after_lead = shape.kind in _LEADS and shape.subject[0] > 0
        return shape.verb > 0 and (after_lead or (first in _OTHERS and shape.subject[0] == 0))
    if bare and first not in ("my", "our"):
        return False
    if first in ("my", "our", "the", "his", "her", "their") or is_name(words[0].text):
        shape = analyse(expanded.split(",")[0])
        if is_name(words[0].text) and shape.verb > 1 and verbs.is_base(shape.words[shape.verb].lower):
            return False  # "Jonas at the new place": a noun that could be a verb as well
        return shape.kind not in (SubjectKind.NONE, SubjectKind.DUMMY) and shape.subject[0] == 0 and shape.verb > 0
    return False


def _carried(before: Shape, following: tuple[Word, ...], *, bare: bool, chained: bool) -> str | None:
    subject = before.subject_text + ("," if "," in before.subject_text else "")
    skipped = 0
    while skipped < len(following) - 1 and (
        following[skipped].lower in lexicon.ADVERBS or following[skipped].lower == "not"
    ):
        skipped += 1
    word = following[skipped]
    if word.text[0].isupper() and not before.text.isupper():
        return None  # "Python and Go": a name, whatever verb it looks like
    after = following[skipped + 1].lower if skipped + 1 < len(following) else ""
    contrast = following[0].lower in ("not", "just", "only", "rather", "simply")
    if before.base == "be" and not before.helpers and (not bare or (contrast and before.negated)):
        copula = before.words[before.verb].text
        if word.lower in FEELINGS or _predicate(word.lower, after) or (skipped and following[0].lower == "not"):
            return f"{subject} {copula} "
    if "be" in (verbs.base_of(h) for h in before.helpers[-1:]) and verbs.base_of_gerund(word.lower):
        return f"{subject} {' '.join(before.helpers)} "
    if word.lower in lexicon.AUXILIARIES and word.lower not in ("be", "been", "being"):
        return f"{subject} " if after not in ("i", "you", "we", "he", "she", "they", "it", "the", "my") else None
    return f"{subject} " if _finite_like(before, word.lower, after, bare=bare, chained=chained) else None


def _predicate(word: str, after: str) -> bool:
    """Whether a phrase can continue "I am …": "allergic to nuts", "a mother of two", "working at a bank"."""
    if word in ("a", "an") or word in TELEGRAPHIC_ADJECTIVES:
        return True
    if verbs.base_of_gerund(word) or (verbs.is_participle(word) and after in lexicon.PREPOSITIONS | {"to"}):
        return True
    return after in ("to", "in", "at", "with", "about", "of", "from", "by") and not word.endswith("s")


def _finite_like(before: Shape, word: str, after: str, *, bare: bool, chained: bool) -> bool:
    if not after or after in ("and", "or"):
        return False
    object_follows = after in _OBJECT_OPENERS or after[0].isdigit() or after.endswith("ing")
    past = verbs.base_of_past(word) is not None and not verbs.is_base(word)
    if past and before.tense is Tense.PAST:
        return not (before.base == "be" and not object_follows) or object_follows
    if before.kind in (SubjectKind.SPEAKER, SubjectKind.GROUP):
        infinitive = any(w.lower == "to" for w in before.rest[:-1]) or any(h in lexicon.MODALS for h in before.helpers)
        if not verbs.is_base(word) or (infinitive and not chained) or before.tense is not Tense.PRESENT:
            return past and object_follows
        return object_follows or (not bare and after not in lexicon.CONJUNCTIONS)
    return verbs.base_of_third(word) is not None and before.tense is Tense.PRESENT and (object_follows or not bare)
