from __future__ import annotations

import json

import pytest

from synap.domain.documents import Role
from synap.domain.terms import TERM_CAP, tokenize
from synap.domain.tokens import count_tokens
from synap.ingestion.records import is_record, meaning_of, record_segment
from synap.ingestion.segments import MAX_TOKENS


@pytest.mark.parametrize("text", ['{"a": 1}', ' \n{"a": {"b": [1, null]}}\n', "{}", '{"a": NaN}', "\ufeff{}"])
def test_one_json_object_is_a_record(text: str) -> None:
    assert is_record(text)


@pytest.mark.parametrize("text", ["[1]", "3", '"a"', "{a: 1}", 'See {"a": 1}', '{"a": 1} and {"b": 2}', '{"a":' * 9999])
def test_anything_else_is_none(text: str) -> None:
    assert not is_record(text)


def test_a_record_is_named_by_its_metadata_and_says_its_texts() -> None:
    text = '{"food": {"liked": ["rooibos tea"]}, "blob": "' + "QUJD" * 40 + '"}'

    segment = record_segment(text, {"shelf": "notes", "deep": {"key": ["k1", 7, True, None]}})

    assert (segment.start, segment.end, segment.role) == (0, len(text), Role.RECORD)
    assert segment.text.partition("\n")[0] == "notes k1 7"
    assert meaning_of(segment) == "liked: rooibos tea"


def test_a_record_of_encoded_data_says_nothing() -> None:
    assert meaning_of(record_segment(json.dumps({"blob": "QUJD" * 40}), {"key": "k"})) == ""


def test_a_large_record_keeps_to_the_limits_of_a_segment() -> None:
    value = {f"key{n}": f"word{n} another{n} third{n}" for n in range(5000)}

    segment = record_segment(json.dumps(value), {f"name{n}": f"value {n}" for n in range(500)})

    assert len(set(tokenize(segment.text))) <= TERM_CAP
    assert count_tokens(segment.text) <= MAX_TOKENS


def test_a_deep_record_is_read() -> None:
    text = '{"a":' * 400 + '"tea"' + "}" * 400

    assert meaning_of(record_segment(text, {})) == "a: tea"


def test_a_record_that_protection_has_broken_is_found_by_its_words() -> None:
    assert "card: [CARD] tea" in meaning_of(record_segment("card: [CARD] tea", {}))
