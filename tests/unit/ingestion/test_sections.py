from __future__ import annotations

import pytest

from synap.domain.documents import Block, BlockKind
from synap.domain.memories import Slot
from synap.ingestion.sections import ANYWHERE, Sections, bare_title, title_above


def _block(
    text: str, *path: str, kind: BlockKind = BlockKind.PARAGRAPH, cells: tuple[tuple[str, str], ...] = ()
) -> Block:
    return Block(kind=kind, start=0, end=len(text), text=text, heading_path=path, cells=cells)


def _entered(*blocks: Block) -> Sections:
    sections = Sections("d1")
    for block in blocks:
        sections.enter(block)
    return sections


@pytest.mark.parametrize("text", ["Project Apollo", "Invoice 12", "API v2", "Berlin office"])
def test_a_short_line_without_verb_or_measure_is_a_title(text: str) -> None:
    assert bare_title(text) == text


@pytest.mark.parametrize("text", ["The pool is warm", "Best wishes", "Rent 900 euros", "and so on", "First.\nSecond."])
def test_statements_greetings_and_measures_are_no_titles(text: str) -> None:
    assert bare_title(text) == ""


def test_a_title_may_stand_on_the_first_of_several_lines() -> None:
    assert title_above("Project Apollo\nOwner: Kim") == "Project Apollo"
    assert title_above("Project Apollo") == ""


def test_headings_bare_titles_and_records_are_told_outermost_first() -> None:
    record = _block("Machine: M7", "Plant North", kind=BlockKind.KEY_VALUE, cells=(("Machine", "M7"),))

    sections = _entered(_block("Hall west", "Plant North"), record)

    assert sections.titles() == ("Plant North", "Hall west", "Machine M7")
    assert sections.key() == "plant north / hall west / machine m7"


def test_a_new_heading_closes_the_part_and_the_record_before() -> None:
    sections = _entered(_block("Hall west", "Plant North"), _block("The gate is open.", "Plant South"))

    assert sections.titles() == ("Plant South",)


def test_where_no_heading_names_a_thing_the_document_is_the_section() -> None:
    assert _entered(_block("x: y", "Overview")).key() == "document d1"
    assert _entered(_block("x: y")).key() == "document d1"


def test_a_sentence_that_names_its_subject_belongs_to_no_section() -> None:
    sections = _entered(_block("The API team is led by Kim.", "Plant North"))
    slot = Slot(subject="api team", name="lead", value="kim")

    assert sections.of(slot, "The API team is led by Kim", prose=True) == ANYWHERE
    assert sections.of(slot, "The api team is led by Kim", prose=True) == "plant north"
    assert _entered().of(slot, "The gate is open", prose=True) == ANYWHERE
