"""Question: of single sentences, is the right thing kept, and is what says nothing left alone?

Data: a file of labelled sentences (see `training.sentences`), given as an argument; `cases/held_out.txt` is ours and is
never trained on. Prints precision and recall per class for the rules alone and for the rules with the learnt gate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from training.gate import embedded, kept_of, outcome
from training.sentences import Sentence, drafts_of, read

from synap.domain.memories import Draft
from synap.ingestion.gate import LABELS, head


async def measure(path: Path, *, verbose: bool) -> None:
    """Judge the sentences of a file both ways, and print a table of each."""
    sentences = read([path])
    alone = [drafts_of(one, number, gated=False) for number, one in enumerate(sentences)]
    _print("rules alone", sentences, alone, verbose=False)
    found = [drafts_of(one, number, gated=True) for number, one in enumerate(sentences)]
    likely = head().probabilities(await embedded(found), [draft.cues for drafts in found for draft in drafts])
    _print("rules and gate", sentences, kept_of(head(), found, likely), verbose=verbose)
    print(f"texts to embed: {sum(map(len, alone))} by the rules alone, {sum(map(len, found))} with the gate")


def _print(title: str, sentences: Sequence[Sentence], kept: Sequence[Sequence[Draft]], *, verbose: bool) -> None:
    told = [outcome(one, drafts) for one, drafts in zip(sentences, kept, strict=True)]
    right, wanted, given = Counter[str](), Counter(one.label for one in sentences), Counter(told)
    for one, label in zip(sentences, told, strict=True):
        right[label] += one.label == label
        if verbose and one.label != label:
            print(f"  {one.label} taken as {label} ({one.register}): {one.text}")
    print(f"{title}: {sum(right.values())}/{len(sentences)}")
    for label in LABELS:
        print(
            f"  {label:16}n {wanted[label]:>4}  precision {_share(right[label], given[label])}"
            f"  recall {_share(right[label], wanted[label])}"
        )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f}" if whole else "    -"
