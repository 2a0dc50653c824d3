from __future__ import annotations

import hashlib

import numpy as np
import pytest

from synap.adapters.hashing.embedder import embed
from synap.adapters.hashing.idf import weight
from synap.domain.terms import stem


def test_the_vector_space_is_frozen() -> None:
    rounded = np.round(embed("4711") * 1000).astype(np.int16)

    digest = hashlib.sha256(rounded.tobytes()).hexdigest()

    assert digest[:16] == "8e193ca5a8cbc1b5"


def test_telling_words_count_more_than_common_ones() -> None:
    assert weight(stem("year")) < weight(stem("insurance")) < weight(stem("zeppelin")) == 1


def test_a_shared_rare_word_brings_texts_nearer_than_a_shared_common_one() -> None:
    text = embed("a good zeppelin")

    assert text @ embed("zeppelin over water") > text @ embed("good over water")


def test_other_endings_and_small_misspellings_stay_near() -> None:
    assert embed("kubernetes") @ embed("kubernets") > 0.1 > abs(embed("kubernetes") @ embed("marmalade"))


@pytest.mark.parametrize("text", ["", "   ", "!!!", "\ud800", "🙂"])
def test_texts_without_words_have_a_vector_of_length_one(text: str) -> None:
    assert np.linalg.norm(embed(text)) == pytest.approx(1)
