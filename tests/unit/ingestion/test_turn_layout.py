from __future__ import annotations

from synap.ingestion.turn_layout import Answered, Listed, Pair, own_prose, taken_apart


def test_quoted_lines_are_blanked_and_offsets_stay() -> None:
    text = "> I hate tea.\nI love tea."

    assert own_prose(text) == " " * 13 + "\nI love tea."


def test_items_belong_to_the_line_that_announces_them() -> None:
    text = "Hello.\nmy hobbies:\n- judo\n- chess"

    rest, parts = taken_apart(text)

    assert len(rest) == len(text)
    assert rest.strip() == "Hello."
    assert [(part.lead, part.text) for part in parts if isinstance(part, Listed)] == [
        ("my hobbies", "judo"),
        ("my hobbies", "chess"),
    ]


def test_a_list_that_is_not_the_speakers_own_stays_prose() -> None:
    text = "Ingredients:\n- flour\n- eggs"

    assert taken_apart(text) == (text, [])


def test_keys_and_values_stand_under_the_title_above_them() -> None:
    _, parts = taken_apart("Boat notes\nSkipper: Ines\nBerths: 6")

    assert parts == [
        Pair(title="Boat notes", text="Skipper: Ines", source="Skipper: Ines"),
        Pair(title="Boat notes", text="Berths: 6", source="Berths: 6"),
    ]


def test_a_question_and_its_answer_are_one() -> None:
    _, parts = taken_apart("Q: What do you bake?\nA: I bake rye bread.")

    assert parts == [
        Answered(question="What do you bake?", text="I bake rye bread.", source="A: I bake rye bread."),
    ]


def test_lines_in_the_first_person_are_statements_of_their_own() -> None:
    text = "Update: I sold the van.\nNews: we rent a boat."

    assert taken_apart(text) == (text, [])


def test_code_is_blanked_but_for_a_single_name() -> None:
    text = "I use `rye` daily: `x = 1`."

    assert own_prose(text) == "I use  rye  daily: " + " " * 7 + "."
