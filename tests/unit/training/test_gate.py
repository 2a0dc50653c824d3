from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from training.gate import EXAMPLES, ROOT, stored, train
from training.sentences import Sentence, digest, read

from synap.ingestion.gate import LABELS, head, softmax

HELD_OUT = ROOT / "benchmarks/quality/cases/held_out.txt"


def words(sentence: Sentence) -> str:
    return " ".join(sentence.text.casefold().strip(" .!?").split())


def test_the_shipped_weights_were_trained_from_the_examples_as_they_are() -> None:
    assert head().examples == digest(read(EXAMPLES)), "run `make gate`: the examples have changed since"


def test_there_are_examples_of_every_kind_in_every_register() -> None:
    counts = Counter((one.register, one.label) for one in read(EXAMPLES))

    assert sum(counts.values()) >= 1500
    for label in LABELS:
        assert counts["assistant", label] >= 50
        assert counts["people", label] >= 20
    for label in ("fact", "episode", "temporal_event", "none"):
        assert counts["document", label] >= 15


def test_no_sentence_is_an_example_twice_or_held_out_as_well() -> None:
    examples = Counter((one.register, words(one)) for one in read(EXAMPLES))
    held_out = {words(one) for one in read([HELD_OUT])}

    assert [key for key, count in examples.items() if count > 1] == []
    assert held_out & {text for _, text in examples} <= {"i don't know", "good morning"}
    assert len(held_out) >= 300


def test_training_is_deterministic_and_learns() -> None:
    random = np.random.default_rng(7)
    inputs = np.hstack([random.normal(size=(120, 8)), np.ones((120, 1))])
    labels = np.arange(120) % len(LABELS)
    inputs[np.arange(120), labels] += 6

    weights = train(inputs, labels, decay=0.001)

    assert (softmax(inputs @ weights).argmax(axis=1) == labels).mean() > 0.95
    assert np.array_equal(weights, train(inputs, labels, decay=0.001))


def test_the_weights_are_stored_as_they_ship() -> None:
    shipped = (ROOT / "src/synap/ingestion/gate.json").read_text(encoding="utf-8")

    assert stored(head()) == shipped


@pytest.mark.parametrize("line", ["fact I have a label but no section.", "[people]\nwish I have no such label."])
def test_a_malformed_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(line, encoding="utf-8")

    with pytest.raises(ValueError, match=r"bad\.txt, line"):
        read([path])
