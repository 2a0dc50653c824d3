from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from synap.domain.documents import DocumentType
from synap.domain.memories import MemoryType
from synap.domain.privacy import PiiHandling
from synap.ingestion.extract import Source, extract
from synap.ingestion.languages import language_of, speaks_of_itself, statements_of, takes_back, topic_taken_back
from synap.ingestion.prepare import prepare

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("Ich arbeite als Tischler in Bremen.", "de"),
        ("Tengo dos perros y vivo con mi hermana.", "es"),
        ("Je travaille dans une banque avec ma sœur.", "fr"),
        ("Eu moro em Recife com a minha família.", "pt"),
        ("Abito a Torino e ho un gatto nero.", "it"),
        ("我住在上海。", "zh"),
        ("私は犬を飼っています。", "ja"),
        ("I live in San José with two cats.", "en"),
        ('She shouted "mon dieu" and ran.', "en"),
    ],
)
def test_the_language_of_a_sentence(sentence: str, language: str) -> None:
    assert language_of(sentence) == language


def test_two_statements_are_kept_apart_in_the_speakers_words() -> None:
    found = statements_of("Ich bin Bäcker und wohne in Kiel.", "de")

    assert [part.text for part in found] == ["Ich bin Bäcker", "wohne in Kiel"]


@pytest.mark.parametrize(
    ("sentence", "language", "kind"),
    [
        ("Me encanta el cine mudo.", "es", MemoryType.PREFERENCE),
        ("Je suis très inquiet pour mon fils.", "fr", MemoryType.EMOTION),
        ("Ieri ho comprato una bici.", "it", MemoryType.EPISODE),
        ("我喜欢喝绿茶", "zh", MemoryType.PREFERENCE),
    ],
)
def test_cues_tell_the_kind(sentence: str, language: str, kind: MemoryType) -> None:
    assert [part.kind for part in statements_of(sentence, language)] == [kind]


@pytest.mark.parametrize(
    ("sentence", "language"), [("Danke schön!", "de"), ("¿Dónde vives?", "es"), ("你好吗\uff1f", "zh")]
)
def test_greetings_and_questions_state_nothing(sentence: str, language: str) -> None:
    assert statements_of(sentence, language) == []


@pytest.mark.parametrize(
    ("sentence", "language", "topic"),
    [
        ("Bitte vergiss, was ich über Golf gesagt habe.", "de", "Golf"),
        ("Olvida lo que dije sobre el vino", "es", "el vino"),
        ("Oublie ce que j'ai dit sur le vin", "fr", "le vin"),
        ("Esqueça o que eu disse sobre o vinho", "pt", "o vinho"),
        ("Dimentica quello che ho detto sul vino", "it", "vino"),
    ],
)
def test_an_order_to_forget_is_no_statement(sentence: str, language: str, topic: str) -> None:
    assert takes_back(sentence, language)
    assert topic_taken_back(sentence, language) == topic


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("Mein Bruder heißt Jörg.", "de"),
        ("Mi hija se llama Inés.", "es"),
        ("Mon frère s'appelle Luc.", "fr"),
        ("Minha irmã se chama Rita.", "pt"),
        ("Mio fratello si chiama Ugo.", "it"),
    ],
)
def test_names_of_relatives_are_told_in_their_language(sentence: str, language: str) -> None:
    assert language_of(sentence) == language
    assert speaks_of_itself(sentence)


CASES = [
    json.loads(line) for line in (ROOT / "benchmarks/quality/cases/languages.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_what_is_told_in_another_language_is_kept_as_it_was_said_and_marked(case: dict[str, Any]) -> None:
    at = datetime(2026, 3, 11, 10, tzinfo=UTC)
    kind = DocumentType.AI_CHAT
    prepared = prepare(case["input"], document_type=kind, created_at=at, pii=PiiHandling.OFF)

    drafts = extract(prepared, Source(document_id="d", document_type=kind, created_at=at)).drafts

    wanted = [(expected["type"].split("|"), expected["must_contain"][0]) for expected in case["expected"]]
    assert bool(drafts) == bool(wanted)
    for kinds, words in wanted:
        assert any(one.statement.type.value in kinds and words in one.statement.content for one in drafts)
    for one in drafts:
        assert one.statement.language == case["id"][:2]
        assert one.statement.content in case["input"]
        assert one.statement.content in one.evidence[0].quote
