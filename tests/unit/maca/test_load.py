from __future__ import annotations

from typing import Any

import pytest

from synap.domain.memories import MemoryType
from synap.domain.privacy import PiiHandling
from synap.errors import InvalidInputError
from synap.maca.load import Change, diff, load, read, to_mapping, to_yaml
from synap.maca.schema import Maca, PrimaryScope


def test_an_empty_configuration_holds_every_default() -> None:
    assert load("") == load({}) == load("# nothing\n") == Maca()


def test_what_is_left_out_keeps_its_default() -> None:
    maca = load("storage:\n  scoping:\n    primary_scope: customer\n")

    assert maca.storage.scoping.primary_scope is PrimaryScope.CUSTOMER
    assert maca.retrieval.budget.max_tokens == 4096


def test_keys_may_be_dotted() -> None:
    maca = load("retrieval.budget.max_tokens: 900\ningestion.categories: {emotions: false}\n")

    assert maca.retrieval.budget.max_tokens == 900
    assert maca.ingestion.categories.types == frozenset(MemoryType) - {MemoryType.EMOTION}


def test_a_bare_off_means_off() -> None:
    maca = load("ingestion: {pii: {handling: off}}")

    assert maca.ingestion.pii.handling is PiiHandling.OFF


@pytest.mark.parametrize(
    ("other_name", "value", "canonical"),
    [
        ("ingestion.confidence_threshold", 0.8, "ingestion.extraction.confidence_threshold"),
        ("pii.handling", "mask", "ingestion.pii.handling"),
        ("agent_hints", ["say customer, not account"], "ingestion.agent_hints"),
        ("retrieval.agent_hints", ["short"], "ingestion.agent_hints"),
        ("retrieval.mode", "accurate", "retrieval.default_mode"),
        ("storage.scoping.strategy", "instance", "storage.scoping.primary_scope"),
        ("storage.vector.dimension", 384, "storage.vector.embedding.dimension"),
        ("storage.vector.embedding_dimension", 384, "storage.vector.embedding.dimension"),
        ("retrieval.type_weights.facts", 2.0, "retrieval.type_weights.fact"),
    ],
)
def test_other_names_are_understood_and_become_the_canonical_one(other_name: str, value: Any, canonical: str) -> None:
    changed = diff(Maca(), load({other_name: value}))

    assert [change.key for change in changed] == [canonical]
    assert load({canonical: value}) == load({other_name: value})


def test_what_is_in_force_is_not_judged_anew_by_rules_between_settings() -> None:
    off = {"storage.vector.enabled": False, "storage.graph.enabled": False}

    assert not read(off).storage.vector.enabled
    with pytest.raises(InvalidInputError):
        load(off)


def test_two_names_of_one_setting_must_agree() -> None:
    same = {"ingestion": {"confidence_threshold": 0.6, "extraction": {"confidence_threshold": 0.6}}}
    different = {"ingestion": {"confidence_threshold": 0.6, "extraction": {"confidence_threshold": 0.7}}}

    assert load(same).ingestion.confidence_threshold == 0.6
    with pytest.raises(InvalidInputError, match="two names"):
        load(different)


@pytest.mark.parametrize(
    ("config", "field", "told"),
    [
        ("version: 1.0", "version", 'three numbers such as "1.0.0", not 1.0'),
        ("storage: {scoping: {primary_scope: team}}", "storage.scoping.primary_scope", "user or customer or instance"),
        ("retrieval: {budget: {max_tokens: 0}}", "retrieval.budget.max_tokens", "from 1 to 10000000, not 0"),
        ("retrieval: {budget: {max_tokens: 2.5}}", "retrieval.budget.max_tokens", "whole number"),
        ("retrieval: {budget: {max_tokens: true}}", "retrieval.budget.max_tokens", "not True"),
        ("retrieval: {type_weights: {fact: -1}}", "retrieval.type_weights.fact", "from 0 to 10"),
        ("retrieval: {type_weights: {fact: .nan}}", "retrieval.type_weights.fact", "not nan"),
        ("ingestion: {categories: {facts: 1}}", "ingestion.categories.facts", "true or false, not 1"),
        ("ingestion: {categories: {facts: }}", "ingestion.categories.facts", "true or false, not None"),
        ("ingestion: {pii: {handling: on}}", "ingestion.pii.handling", "off or redact or mask, not True"),
        ("ingestion: {agent_hints: [1]}", "ingestion.agent_hints", "a list of texts"),
        ("ingestion: [facts]", "ingestion", "further keys"),
        ("storage: {vector: {namespace: 'a b'}}", "storage.vector.namespace", "letters, digits"),
        (
            "storage: {vector: {embedding: {model: text-embedding-3-large, dimension: 384}}}",
            "storage.vector.embedding.dimension",
            "must be 3072",
        ),
        (
            "storage: {vector: {enabled: false}, graph: {enabled: false}}",
            "storage.vector.enabled",
            "storage.graph.enabled must not both be false",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_its_key_and_what_is_allowed(config: str, field: str, told: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        load(config)

    assert caught.value.field == field
    assert field in caught.value.message
    assert told in caught.value.message


@pytest.mark.parametrize(
    ("unknown", "nearest"),
    [
        ("retrieval.budget.max_token", "retrieval.budget.max_tokens"),
        ("primary_scope", "storage.scoping.primary_scope"),
        ("ingestion.categories.emotion", "ingestion.categories.emotions"),
        ("retreival", "retrieval"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(unknown: str, nearest: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        load({unknown: 1})

    assert caught.value.field == unknown
    assert caught.value.message.endswith(f"is {nearest}")


@pytest.mark.parametrize("source", [None, 3, ["a"]])
def test_what_is_neither_text_nor_mapping_is_refused(source: Any) -> None:
    with pytest.raises(InvalidInputError, match="mapping"):
        load(source)


def test_a_dumped_configuration_loads_back_equal() -> None:
    maca = load({"version": "2.1.0", "ingestion": {"agent_hints": ["Größen in cm"]}, "pii": {"handling": "redact"}})

    assert load(to_yaml(maca)) == load(to_mapping(maca)) == maca


def test_a_difference_names_key_before_and_after() -> None:
    after = load("retrieval: {budget: {max_tokens: 100}}")

    assert diff(Maca(), after) == [Change(key="retrieval.budget.max_tokens", before=4096, after=100)]
    assert diff(after, after) == []
