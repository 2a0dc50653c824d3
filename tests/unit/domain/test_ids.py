"""Ids are opaque: taken byte for byte, or refused."""

from __future__ import annotations

import uuid

import pytest

from synap.domain.ids import RowIds, check_caller_id, conversation_uuid, decode_public_id
from synap.domain.scopes import Ids, Place, decide_scope
from synap.errors import InvalidInputError

ACCEPTED = [
    *("CLIENT", "WORLD", "*", "%", "_", "null", "None", "undefined", "0", "-1", "true", "1", "01", "1.0"),
    *(
        "alice",
        "Alice",
        "ALICE",
        "alice ",
        " alice",
        "alice\t",
        " ",
        "\n",
        "\u0430",
        "\uff41lice",
        "ali\u200dce",
        "ali\u200fce",
    ),
    *(
        "e\u0301",
        "é",
        "\u0131",
        "straße",
        "STRASSE",
        "❤\ufe0f",
        "❤",
        "a:b",
        "a/b",
        "a|b",
        "a::b",
        "..",
        "../x",
        "C:\\x",
    ),
    *("%2F", "%00", "' OR 1=1 --", '"; DROP TABLE', "$where", '{"$ne":null}', "a OR b", "NEAR(", '"', "[a-z]*"),
    *("x" * 255, "x" * 255 + "a", "x" * 255 + "b", "x" * 1024, "é" * 512),
]
REFUSED = ["", "\x00", "a\x00b", "\ud800", "a\udfff", "x" * 1025, "x" * 65_537, "é" * 513, 1, 1.0, True, b"a", ["a"]]


@pytest.mark.parametrize("value", ACCEPTED)
def test_an_odd_id_is_taken_as_it_is(value: str) -> None:
    assert check_caller_id(value, field="user_id") == value


@pytest.mark.parametrize("value", REFUSED, ids=range(len(REFUSED)))
def test_an_impossible_id_is_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        check_caller_id(value, field="user_id")

    assert refusal.value.field == "user_id"
    assert "user_id" in refusal.value.message


def test_different_ids_are_different_owners() -> None:
    place = Place(instance_id="inst_0123456789abcdef", client_id="cli_0123456789abcdef")
    owners = [Ids(user_id=value) for value in ACCEPTED] + [Ids(customer_id=value) for value in ACCEPTED]
    owners += [Ids(customer_id="a", user_id="b:c"), Ids(customer_id="a:b", user_id="c"), Ids()]

    scopes = [decide_scope(place, ids) for ids in owners]

    assert len({scope.digest for scope in scopes}) == len(owners)
    assert len({scope.id for scope in scopes}) == len(owners)


def test_row_ids_grow_even_when_the_clock_goes_back() -> None:
    moments = iter([1_800_000_000_000, 1_700_000_000_000, 1_800_000_000_001])
    ids = RowIds(lambda: next(moments))

    made = [ids.next() for _ in range(3)]

    assert made == sorted(set(made))
    assert all(0 < one < 2**63 for one in made)


@pytest.mark.parametrize("text", ["", "x", str(uuid.UUID(int=0)), "3e64f264-5d93-475e-be57-a6b971f0d818", "0" * 32])
def test_what_is_no_public_id_of_ours_names_nothing(text: str) -> None:
    assert decode_public_id(text) is None


def test_a_conversation_id_is_a_uuid_or_becomes_one() -> None:
    given = "6ba7b811-9dad-11d1-80b4-00c04fd430c8"

    assert conversation_uuid(given) == given
    assert conversation_uuid("monday standup") == str(uuid.uuid5(uuid.NAMESPACE_URL, "monday standup"))
    assert conversation_uuid(conversation_uuid("monday standup")) == conversation_uuid("monday standup")


def test_every_spelling_of_a_uuid_is_a_conversation_of_its_own() -> None:
    canonical = "3f25e1d2-9dad-41d1-80b4-00c04fd430c8"
    spellings = [
        canonical,
        canonical.upper(),
        canonical.replace("-", ""),
        "{" + canonical + "}",
        "urn:uuid:" + canonical,
        canonical + " ",
        canonical + "\n",
        canonical.replace("3", "\uff13"),
        canonical.replace("-", "", 1),
    ]

    assert len({conversation_uuid(one) for one in spellings}) == len(spellings)
