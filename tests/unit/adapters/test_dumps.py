"""Files of other makers are read for what they hold; one that is cut short, or tells nothing, is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from synap.adapters.dumps.read import MAKERS, read_dump
from synap.api.memories import CreateMemory
from synap.errors import InvalidInputError

SAMPLES = Path(__file__).parents[3] / "examples" / "imports"
FILES = {"mem0": "mem0.json", "zep": "graphiti.json", "graphiti": "graphiti.json", "letta": "letta.af"}


def sample(maker: str) -> bytes:
    return (SAMPLES / FILES[maker]).read_bytes()


def told(one: CreateMemory) -> str:
    if one.memories:
        return one.memories[0].content
    return one.document if isinstance(one.document, str) else " / ".join(turn.content for turn in one.document or ())


def test_sentences_of_mem0_keep_their_user_their_time_and_what_they_are() -> None:
    found = read_dump(sample("mem0"), maker="mem0")

    assert [(one.user_id, one.memories[0].type) for one in found if one.memories] == [
        ("nora", "fact"),
        ("nora", "preference"),
        ("pieter", "fact"),
    ]
    assert found[0].document_created_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert found[0].metadata == {"channel": "web", "categories": ["hobbies"], "imported_from": "mem0"}


def test_edges_of_a_graph_keep_their_validity_and_episodes_that_none_names_are_read() -> None:
    found = read_dump(sample("graphiti"), maker="graphiti")

    assert [told(one) for one in found] == [
        "Nora lived in Antwerp",
        "Nora: My workshop is closed on Mondays.",
        "I signed up for a pottery class. / Enjoy it!",
        "Nora takes a pottery class",
    ]
    (edge,) = found[0].memories or ()
    assert (edge.valid_from, edge.valid_until) == (
        datetime(2021, 9, 1, tzinfo=UTC),
        datetime(2025, 6, 30, tzinfo=UTC),
    )
    assert {one.user_id for one in found} == {"nora"}
    turns = found[2].document
    assert isinstance(turns, tuple)
    assert [(turn.role, turn.speaker) for turn in turns] == [("user", "Nora"), ("assistant", None)]


def test_an_agent_file_gives_what_is_about_the_user() -> None:
    found = read_dump(sample("letta"), maker="letta", user_id="nora", customer_id="acme")

    assert [told(one) for one in found] == [
        "Her name is Nora. She works as a carpenter.",
        "The greenhouse was built in 2019.",
        "I am allergic to walnuts. / I will keep that in mind.",
    ]
    assert {(one.user_id, one.customer_id) for one in found} == {("nora", "acme")}


def test_an_agent_file_of_the_older_form_is_read() -> None:
    old = {
        "name": "helper",
        "core_memory": [{"label": "human", "value": "She sings."}],
        "messages": [{"role": "user", "text": "I sing."}],
    }

    found = read_dump(json.dumps(old).encode(), maker="letta", user_id="nora")

    assert [told(one) for one in found] == ["She sings.", "I sing."]


def keys(value: object, maker: str) -> list[str]:
    return [str(one.document_id) for one in read_dump(json.dumps(value).encode(), maker=maker, user_id="nora")]


def test_an_id_of_a_record_is_the_id_of_its_document_within_its_kind() -> None:
    graph = {
        "edges": [{"uuid": "a", "fact": "Sings"}],
        "episodes": [{"uuid": "a", "content": "I sing."}],
        "sessions": [{"session_id": "a", "messages": [{"content": "I sing."}]}],
    }

    assert keys(graph, "zep") == ["zep:fact:a", "zep:episode:a", "zep:session:a"]
    assert keys([{"id": "a", "memory": "Sings"}], "mem0") == ["mem0:a"]


UNNAMED = {
    "mem0": [{"memory": "Sings"}],
    "zep": {
        "edges": [{"fact": "Sings"}],
        "facts": [{"fact": "Whistles"}],
        "episodes": [{"content": "Sings"}],
        "sessions": [{"messages": [{"content": "Sings"}], "facts": [{"fact": "Hums"}]}],
    },
    "letta": {
        "agents": [
            {
                "id": "agent-0",
                "name": "helper",
                "memory_blocks": [{"id": "block-0", "label": "human", "value": "Sings"}],
                "passages": [{"id": "passage-0", "text": "Sings"}],
                "messages": [{"role": "user", "content": "Sings"}],
            }
        ]
    },
}


@pytest.mark.parametrize("maker", sorted(UNNAMED))
def test_records_without_ids_of_their_own_are_told_apart_by_what_they_say(maker: str) -> None:
    told = json.dumps(UNNAMED[maker])
    other = json.loads(told.replace("Sings", "Dances").replace("Whistles", "Drums").replace("Hums", "Claps"))

    first, second = keys(UNNAMED[maker], maker), keys(other, maker)

    assert len({*first, *second}) == len(first) + len(second)
    assert keys(json.loads(told), maker) == first


def test_facts_that_differ_in_nothing_but_their_time_are_two() -> None:
    stays = [{"fact": "Lives in Ghent", "valid_at": year} for year in ("2001-01-01", "2010-01-01", "2001-01-01")]

    first, second, again = keys({"edges": stays}, "zep")

    assert first != second
    assert first == again


@pytest.mark.parametrize(
    ("maker", "value", "told"),
    [
        (
            "mem0",
            [{"memory": "Sings"}, {"memory": "Hums", "categories": 5}],
            r"record\[1\].categories .* a list, not int",
        ),
        ("mem0", [{"memory": "Sings", "categories": "hobbies"}], r"record\[0\].categories .* a list, not str"),
        ("mem0", [{"memory": "Sings", "categories": [5]}], r"record\[0\].categories .* one of them is int"),
        ("mem0", [{"memory": "Sings", "metadata": "web"}], r"record\[0\].metadata .* an object, not str"),
        ("mem0", [{"memory": 5}], r"record\[0\].memory .* text, not int"),
        ("zep", {"edges": {"a": {"fact": "Sings"}}}, "edges .* a list, not dict"),
        ("zep", {"edges": [{"fact": "Sings", "episodes": 5}]}, r"edges\[0\].episodes .* a list, not int"),
        ("zep", {"sessions": [{"messages": [{"content": 5}]}]}, r"sessions\[0\].messages\[0\].content .* not int"),
        ("letta", {"agents": [{"passages": [{"text": 5}]}]}, r"agents\[0\].passages\[0\].text .* text, not int"),
        ("letta", {"core_memory": {"human": "Sings"}}, "core_memory .* a list, not dict"),
    ],
)
def test_a_field_of_another_type_is_named(maker: str, value: object, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        keys(value, maker)


def test_lines_of_json_are_read_as_a_list() -> None:
    lines = b'{"memory": "Sings", "user_id": "a"}\n{"memory": "Dances", "user_id": "a"}\n'

    assert [told(one) for one in read_dump(lines, maker="mem0")] == ["Sings", "Dances"]


@pytest.mark.parametrize("maker", sorted(MAKERS))
def test_a_file_that_is_cut_short_is_refused(maker: str) -> None:
    for share in (0.2, 0.5, 0.9):
        with pytest.raises(InvalidInputError, match="cut short"):
            read_dump(sample(maker)[: int(len(sample(maker)) * share)], maker=maker, user_id="nora")


@pytest.mark.parametrize("maker", sorted(MAKERS))
@pytest.mark.parametrize("content", [b"{}", b"[]", b"null", b'"text"', b"[1, 2]", b'{"results": {"a": 1}}'])
def test_a_file_that_holds_nothing_of_its_maker_is_refused(maker: str, content: bytes) -> None:
    with pytest.raises(InvalidInputError, match="holds nothing that is read"):
        read_dump(content, maker=maker, user_id="nora")


def test_records_of_nobody_are_refused_unless_a_user_is_named() -> None:
    content = b'[{"memory": "Sings", "id": "m7"}]'

    with pytest.raises(InvalidInputError, match="mem0:m7: give --user"):
        read_dump(content, maker="mem0")
    assert read_dump(content, maker="mem0", user_id="nora")[0].user_id == "nora"


def test_an_empty_user_is_refused_and_not_taken_for_everybody() -> None:
    with pytest.raises(InvalidInputError, match="user_id must not be empty"):
        read_dump(b'[{"memory": "Sings", "id": "m7"}]', maker="mem0", user_id="")


def test_an_unknown_maker_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(InvalidInputError, match="known are mem0, zep, graphiti, letta"):
        read_dump(b"[]", maker="memx")


@pytest.mark.parametrize("stamp", ["yesterday", None, [], 1e300, True, ""])
def test_a_time_that_cannot_be_read_is_left_out(stamp: object) -> None:
    content = json.dumps([{"memory": "Sings", "user_id": "a", "created_at": stamp}]).encode()

    assert read_dump(content, maker="mem0")[0].document_created_at is None
