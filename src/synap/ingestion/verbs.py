"""Forms of English verbs: the third person, and what a word can be as a verb."""

from __future__ import annotations

from functools import lru_cache

from synap.ingestion.lexicon.verbs import DOUBLED, IRREGULAR, REGULAR

_VOWELS = "aeiou"
_SIBILANTS = ("s", "x", "z", "ch", "sh")


def third_person(base: str) -> str:
    """Return the third person singular of the present: `prefers`, `has`, `goes`, `tries`."""
    if base == "be":
        return "is"
    if base == "have":
        return "has"
    if base.endswith("y") and base[-2:-1] not in _VOWELS:
        return f"{base[:-1]}ies"
    if base.endswith((*_SIBILANTS, "o")):
        return f"{base}{'zes' if base == 'quiz' else 'es'}"
    return f"{base}s"


def past(base: str) -> str:
    """Return the simple past of a regular verb by its suffix rules, of an irregular one from the table."""
    if base in IRREGULAR:
        return IRREGULAR[base][0]
    return f"{_stem(base, 'e')}ed"


def gerund(base: str) -> str:
    """Return the -ing form."""
    if base.endswith("ie"):
        return f"{base[:-2]}ying"
    if base.endswith("e") and not base.endswith(("ee", "oe", "ye")) and base != "be":
        return f"{base[:-1]}ing"
    return f"{base}{base[-1] if base in DOUBLED else ''}ing"


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, str], dict[str, str], dict[str, str], dict[str, str]]:
    bases = [*IRREGULAR, *sorted(REGULAR)]
    thirds = {third_person(base): base for base in bases}
    pasts = {past(base): base for base in bases} | {"were": "be", "was": "be", "learned": "learn", "dreamed": "dream"}
    pasts |= {"burned": "burn", "spoiled": "spoil", "leaned": "lean", "spelled": "spell", "smelled": "smell"}
    participles = {IRREGULAR[base][1]: base for base in IRREGULAR} | {"got": "get"}
    gerunds = {gerund(base): base for base in bases}
    return thirds, pasts, participles, gerunds


def is_base(word: str) -> bool:
    """Whether a lower-case word is the base form of a verb that we know."""
    return word in IRREGULAR or word in REGULAR


def base_of_third(word: str) -> str | None:
    """Return the base of a third person form (`runs` → `run`), or None."""
    return _tables()[0].get(word)


def base_of_past(word: str) -> str | None:
    """Return the base of a simple past form (`went` → `go`), or None."""
    return _tables()[1].get(word)


def base_of_participle(word: str) -> str | None:
    """Return the base of a past participle (`taken`, `moved`), or None."""
    tables = _tables()
    return tables[2].get(word) or tables[1].get(word)


def is_participle(word: str) -> bool:
    """Whether a word can be a past participle; a past form that differs from its verb's participle (`grew`) cannot."""
    base = base_of_participle(word)
    return base is not None and (base not in IRREGULAR or IRREGULAR[base][1] == word or word in _tables()[2])


def base_of_gerund(word: str) -> str | None:
    """Return the base of an -ing form (`running` → `run`), or None."""
    return _tables()[3].get(word)


def base_of(word: str) -> str | None:
    """Return the base of any form that we know, or None."""
    if is_base(word):
        return word
    return base_of_third(word) or base_of_participle(word) or base_of_gerund(word)


def looks_past(word: str) -> bool:
    """Whether a lower-case word that stands in the place of a verb is a past form, known or by its suffix."""
    if base_of_past(word) is not None:
        return word not in IRREGULAR or IRREGULAR[word][0] != word
    return word.endswith("ed") and word not in ("need", "feed", "speed", "bleed", "breed", "seed", "weed", "embed")


def _stem(base: str, vowel: str) -> str:
    if base.endswith(vowel):
        return base[:-1]
    if base.endswith("y") and base[-2:-1] not in _VOWELS:
        return f"{base[:-1]}i"
    return base + (base[-1] if base in DOUBLED else "")
