"""Question: of what is stored, how much is in the first person, dangles, breaks grammar, or rests on nothing?

Data: dialogues in the shape of `dialogues`, or a file of cases for extraction, given as an argument. Counts the flaws of
what extraction finds (with the learnt gate where the built-in embedder is prepared); the speaker's own words in quotation
marks and sentences in other languages are left out, as they are meant to be verbatim. Rules of thumb: a few counts are false.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from training.gate import embedded

from benchmarks.quality import dialogues
from synap.domain.documents import DocumentType, PreparedDocument
from synap.domain.memories import Draft
from synap.domain.privacy import PiiHandling
from synap.ingestion.extract import Source, extract
from synap.ingestion.gate import head, judge
from synap.ingestion.prepare import prepare
from synap.ingestion.rewrite import dangling
from synap.ingestion.shapes import analyse

_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
_FIRST_PERSON = re.compile(r"\b(?:I|I['\u2019](?:m|ve|ll|d)|me|my|mine|myself|we|our|ours|us)\b")
_SUBJECT = re.compile(r"(?:He|She|It|They|This|That|These|Those|There)\b")
_DOUBLED = re.compile(r"\b(\w+) \1\b", re.IGNORECASE)
_MAY_DOUBLE = {"that", "had", "very", "really", "so", "bye", "no", "ha"}
_ARTICLE = re.compile(
    r"\b(?:a (?=[aeio]\w)(?!one\b|once\b|eu|o[nu]e)|an (?=[bcdfgjklmnpqrstvwyz]\w)(?!\w*[A-Z]{2}|hour|honest|heir))\w+"
)
_DISAGREES = re.compile(
    r"^(?:The user|[A-Z]\w+) (?:am|are|were|have|do|don't|want|need|like|love|hate|prefer|live|work|feel|think)\b"
    r"|\b(?:they|we|you) (?:is|was|has|does)\b|\b(?:he|she|it) (?:are|were|have|do)\b"
)


def flaws_of(draft: Draft) -> list[str]:
    """Name what is wrong with a stored statement."""
    content = draft.statement.content
    bare = _QUOTED.sub("“”", content)
    told = {
        "first person": _FIRST_PERSON.search(bare),
        "dangling subject": _SUBJECT.match(bare),
        "dangling pronoun": not draft.statement.verbatim and dangling(bare),
        "unbalanced quotes": content.count("“") != content.count("”") or content.count('"') % 2,
        "unbalanced brackets": content.count("(") != content.count(")"),
        "doubled word": any(match[1].casefold() not in _MAY_DOUBLE for match in _DOUBLED.finditer(bare)),
        "a or an": _ARTICLE.search(bare),
        "disagreement": _DISAGREES.search(bare),
        "no verb": not draft.statement.verbatim and ":" not in bare and analyse(bare).verb < 0,
        "no evidence": not draft.evidence or any(not piece.quote.strip() for piece in draft.evidence),
    }
    return [name for name, found in told.items() if found]


def documents(path: Path) -> list[tuple[PreparedDocument, Source]]:
    """Return the prepared documents of a file of dialogues (`.json`) or of cases (`.jsonl`)."""
    if path.suffix == ".json":
        kind = DocumentType.HUMAN_CHAT
        return [
            (
                prepare(one.turns, document_type=kind, created_at=one.at, pii=PiiHandling.OFF),
                Source(document_id=one.name, document_type=kind, created_at=one.at, gated=True),
            )
            for one in dialogues.load(path)[0]
        ]
    rows: Iterable[dict[str, str]] = map(json.loads, filter(str.strip, path.read_text(encoding="utf-8").splitlines()))
    found = []
    for row in rows:
        kind, at = DocumentType(row["document_type"]), datetime.fromisoformat(row["reference_time"]).astimezone(UTC)
        prepared = prepare(row["input"], document_type=kind, created_at=at, pii=PiiHandling.OFF)
        found.append((prepared, Source(document_id=row["id"], document_type=kind, created_at=at, gated=True)))
    return found


async def measure(path: Path, *, verbose: bool) -> None:
    """Extract what a file says, and count the flaws of it."""
    found = [extract(prepared, source).drafts for prepared, source in documents(path)]
    vectors = await embedded(found)
    drafts = [draft for _, draft in judge(head(), [draft for part in found for draft in part], vectors)]
    counts: Counter[str] = Counter()
    english = [draft for draft in drafts if draft.statement.language == "en"]
    for draft in english:
        flaws = flaws_of(draft)
        counts.update(flaws)
        if verbose and flaws:
            print(f"  {', '.join(flaws)}: {draft.statement.content}")
    print(
        f"{len(drafts)} memories, {len(english)} in English, {sum(d.statement.verbatim for d in drafts)} in own words"
    )
    print(", ".join(f"{name} {count}" for name, count in counts.most_common()) or "no flaws")
