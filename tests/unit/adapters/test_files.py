"""Files made text."""

from __future__ import annotations

import io
import json
from email.message import EmailMessage

import docx
import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from synap.adapters.files.read import SUFFIXES, read_file
from synap.domain.documents import DocumentType, Turn
from synap.errors import InvalidInputError


def pdf_of(*pages: str, lock: str | None = None) -> bytes:
    """Return a PDF whose pages show the lines of `pages`, in a font of the standard fourteen."""
    writer = PdfWriter()
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica", "/Encoding": "/WinAnsiEncoding"}
    for text in pages:
        page = writer.add_blank_page(width=612, height=792)
        names = DictionaryObject({NameObject(key): NameObject(value) for key, value in font.items()})
        fonts = DictionaryObject({NameObject("/F1"): names})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        shown = " T* ".join(f"({line}) Tj" for line in text.splitlines())
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 14 TL 72 720 Td {shown} ET".encode("cp1252"))
        page[NameObject("/Contents")] = writer._add_object(stream)  # noqa: SLF001 - pypdf has no public way to make a page's text
    if lock is not None:
        writer.encrypt(lock)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def word_of() -> bytes:
    document = docx.Document()
    document.add_heading("Rollout plan", level=1)
    document.add_paragraph("Lena leads the rollout.")
    document.add_paragraph("Freeze the schema", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        (*table.rows[0].cells, *table.rows[1].cells), ("Phase", "Due", "Pilot", "3 June"), strict=True
    ):
        cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def text_of(filename: str, content: bytes) -> str:
    document = read_file(filename, content).document
    assert isinstance(document, str)
    return document


def turns_of(value: object) -> tuple[Turn, ...]:
    document = read_file("chat.json", json.dumps(value).encode()).document
    assert isinstance(document, tuple)
    return document


@pytest.mark.parametrize(("encoding", "mark"), [("utf-8", b""), ("utf-8-sig", b""), ("utf-16", b"")])
def test_text_is_read_in_the_encoding_of_its_mark(encoding: str, mark: bytes) -> None:
    assert text_of("note.txt", mark + "Zoë wohnt in Köln.".encode(encoding)) == "Zoë wohnt in Köln."


def test_text_in_an_unknown_encoding_is_refused_not_mangled() -> None:
    with pytest.raises(InvalidInputError, match=r"old\.txt is no utf-8 text: save it as UTF-8") as caught:
        read_file("old.txt", "Zoë".encode("cp1252"))

    assert caught.value.field == "file"


def test_a_page_is_read_in_the_character_set_that_it_declares() -> None:
    page = '<html><head><meta charset="iso-8859-1"></head><p>Zoë</p></html>'

    assert text_of("page.html", page.encode("latin-1")) == page


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_becomes_rows_under_their_columns(separator: str) -> None:
    rows = (("Name", "City"), ("Ana", "Porto"), ("Bo | Co", ""))
    content = "\n".join(separator.join(row) for row in rows)

    assert text_of("people.csv", content.encode()) == (
        "| Name | City |\n| --- | --- |\n| Ana | Porto |\n| Bo \\| Co |  |"
    )


def test_an_email_keeps_its_headers_and_plain_body_and_names_what_is_left() -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ana <ana@example.com>", "bo@example.com", "Grüße"
    message["Date"] = "Sun, 03 May 2026 10:00:00 +0000"
    message.set_content("The launch moves to Friday.")
    message.add_alternative("<p>The launch moves to <b>Friday</b>.</p>", subtype="html")
    message.add_attachment(b"x", maintype="application", subtype="octet-stream", filename="plan.bin")

    read = read_file("mail.eml", message.as_bytes())

    assert read.document == (
        "From: Ana <ana@example.com>\nTo: bo@example.com\nSubject: Grüße\n"
        "Date: Sun, 03 May 2026 10:00:00 +0000\n\nThe launch moves to Friday."
    )
    assert read.document_type is DocumentType.EMAIL
    assert read.metadata == {"attachments_not_read": ["plan.bin"]}


def test_a_pdf_is_read_page_by_page_and_broken_words_are_joined() -> None:
    read = read_file("plan.pdf", pdf_of("The roll-\nout starts in May.", "Lena leads it."))

    assert read.document == "The rollout starts in May.\n\nLena leads it."
    assert read.document_type is DocumentType.PDF
    assert read.metadata == {"pages": 2}


def test_a_pdf_without_text_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="holds no text"):
        read_file("scan.pdf", pdf_of(""))


def test_a_pdf_behind_a_password_is_refused() -> None:
    content = pdf_of("secret", lock="sesame")
    assert PdfReader(io.BytesIO(content)).is_encrypted

    with pytest.raises(InvalidInputError, match="is encrypted"):
        read_file("secret.pdf", content)


def test_a_word_document_keeps_headings_lists_and_tables() -> None:
    assert text_of("plan.docx", word_of()) == (
        "# Rollout plan\n\nLena leads the rollout.\n\n- Freeze the schema\n\n"
        "| Phase | Due |\n| --- | --- |\n| Pilot | 3 June |"
    )


@pytest.mark.parametrize("suffix", [".pdf", ".docx", ".eml", ".json"])
def test_a_file_that_is_not_what_its_name_says_is_refused_by_name(suffix: str) -> None:
    with pytest.raises(InvalidInputError, match=f"report{suffix} "):
        read_file(f"report{suffix}", b"just some words")


@pytest.mark.parametrize(("filename", "whole"), [("a.pdf", pdf_of("It starts in May.")), ("a.docx", word_of())])
def test_a_damaged_file_is_refused_or_read_never_a_crash(filename: str, whole: bytes) -> None:
    refused = 0
    for end in range(5, len(whole), len(whole) // 40):
        try:
            read_file(filename, whole[:end])
        except InvalidInputError:
            refused += 1

    assert refused > 20


def test_a_file_of_an_unknown_kind_is_refused_by_name_with_what_is_read() -> None:
    with pytest.raises(InvalidInputError, match=r"sums\.xlsx is of a kind that is not read \(\.xlsx\)") as caught:
        read_file("sums.xlsx", b"PK")

    assert all(suffix in caught.value.message for suffix in SUFFIXES)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="is empty"):
        read_file("a.txt", b" \n")


def test_a_list_of_messages_is_a_chat() -> None:
    turns = turns_of(
        {"messages": [{"role": "user", "content": "I moved to Porto"}, {"role": "assistant", "content": "Nice"}]}
    )

    assert [(turn.role, turn.content) for turn in turns] == [("user", "I moved to Porto"), ("assistant", "Nice")]


def test_a_message_tree_gives_the_branch_shown_last() -> None:
    def node(role: str, text: str, parent: str | None) -> dict[str, object]:
        message = {
            "author": {"role": role},
            "content": {"content_type": "text", "parts": [text]},
            "create_time": 1777802400,
        }
        return {"message": message, "parent": parent}

    tree = {
        "a": node("user", "Plan my trip", None),
        "b": node("assistant", "First try", "a"),
        "c": node("assistant", "Better", "a"),
    }
    turns = turns_of([{"title": "Trip", "mapping": tree, "current_node": "c"}])

    assert [turn.content for turn in turns] == ["Plan my trip", "Better"]
    assert turns[0].timestamp is not None
    assert turns[0].timestamp.year == 2026


def test_messages_of_several_people_keep_their_names_and_times() -> None:
    turns = turns_of(
        [
            {"type": "message", "user": "dana", "text": "Moved the sync to 3pm", "ts": "1777802400.000100"},
            {"from": "Lee", "date": "2026-05-03T10:01:00", "text": ["see ", {"type": "link", "text": "the doc"}]},
            {"type": "join", "user": "kim"},
        ]
    )

    assert [(turn.speaker, turn.content) for turn in turns] == [
        ("dana", "Moved the sync to 3pm"),
        ("Lee", "see the doc"),
    ]
    assert all(turn.timestamp is not None and turn.timestamp.tzinfo is not None for turn in turns)


def test_a_chat_between_people_is_told_from_one_with_an_assistant() -> None:
    people = json.dumps([{"from": "Lee", "text": "hi"}]).encode()
    assisted = json.dumps([{"sender": "human", "text": "hi"}, {"sender": "assistant", "text": "hello"}]).encode()

    assert read_file("a.json", people).document_type is DocumentType.HUMAN_CHAT
    assert read_file("b.json", assisted).document_type is DocumentType.AI_CHAT


def test_json_without_messages_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="holds no messages"):
        read_file("package.json", b'{"name": "x", "version": [1, 2]}')


def test_json_nested_beyond_reason_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"deep\.json"):
        read_file("deep.json", b"[" * 200_000)
