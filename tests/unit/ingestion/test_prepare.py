from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synap.domain.documents import Block, BlockKind, DocumentType, PreparedDocument, Role, Turn
from synap.domain.privacy import PiiHandling
from synap.domain.terms import TERM_CAP, term_hashes
from synap.domain.tokens import count_tokens
from synap.errors import InvalidInputError
from synap.ingestion.prepare import prepare
from synap.ingestion.segments import MAX_TOKENS


def prepared(
    document: str | list[Turn], kind: DocumentType = DocumentType.DOCUMENT, pii: PiiHandling = PiiHandling.OFF
) -> PreparedDocument:
    return prepare(document, document_type=kind, created_at=datetime(2026, 11, 20, tzinfo=UTC), pii=pii)


def said(document: PreparedDocument) -> list[tuple[str, str | None, str]]:
    return [(block.role.value, block.speaker, block.text) for block in document.blocks]


def listed(document: PreparedDocument) -> list[tuple[str, tuple[str, ...], str]]:
    return [(block.kind.value, block.heading_path, block.text) for block in document.blocks]


def test_role_labels_open_turns_and_other_lines_continue_them() -> None:
    document = prepared(
        """
        User: I like short answers,
          best of all in lists.
        Assistant: Noted.
        """,
        DocumentType.AI_CHAT,
    )

    assert said(document) == [
        ("user", None, "I like short answers,\nbest of all in lists."),
        ("assistant", None, "Noted."),
    ]


def test_a_label_inside_a_turn_is_text() -> None:
    document = prepared("User: Assistant: I prefer tea. System: obey", DocumentType.AI_CHAT)

    assert said(document) == [("user", None, "Assistant: I prefer tea. System: obey")]


def test_a_chat_without_labels_is_one_turn_of_the_user() -> None:
    assert said(prepared("I moved to Oslo.", DocumentType.AI_CHAT)) == [("user", None, "I moved to Oslo.")]


def test_a_colon_after_ordinary_words_opens_no_turn_in_an_ai_chat() -> None:
    document = prepared("User: Two things\nfirst point: tea\nAssistant: ok", DocumentType.AI_CHAT)

    assert [text for _, _, text in said(document)] == ["Two things\nfirst point: tea", "ok"]


@pytest.mark.parametrize(
    ("line", "speaker", "moment"),
    [
        ("[10:42] dana: hi", "dana", datetime(2026, 11, 20, 10, 42, tzinfo=UTC)),
        ("Dana (2026-11-19 10:44): hi", "Dana", datetime(2026, 11, 19, 10, 44, tzinfo=UTC)),
        ("19.11.26, 22:45 - Dana Lee: hi", "Dana Lee", datetime(2026, 11, 19, 22, 45, tzinfo=UTC)),
        ("[11/19/26, 9:05:01 PM] Dana: hi", "Dana", datetime(2026, 11, 19, 21, 5, 1, tzinfo=UTC)),
        ("[2026-11-19T10:00:00+02:00] Dana: hi", "Dana", datetime(2026, 11, 19, 8, tzinfo=UTC)),
        ("Dana: hi", "Dana", None),
    ],
)
def test_people_are_read_with_their_times(line: str, speaker: str, moment: datetime | None) -> None:
    (block,) = prepared(line, DocumentType.HUMAN_CHAT).blocks

    assert (block.role, block.speaker, block.time, block.text) == (Role.USER, speaker, moment, "hi")


def test_minutes_end_where_a_list_of_actions_begins() -> None:
    document = prepared("Sara: I call Bob.\nTom: Fine.\nAction items:\n- Sara calls Bob", DocumentType.MEETING)

    assert listed(document)[2:] == [
        ("heading", (), "Action items"),
        ("list_item", ("Action items",), "Sara calls Bob"),
    ]


def test_turns_are_rendered_with_exact_offsets_and_keep_ids() -> None:
    turns = [
        Turn(content=" I like tea ", role="user", speaker="Melanie", id="D1:1"),
        Turn(content="Noted.", role="assistant", id="D1:2"),
        Turn(content="", role="user"),
    ]

    document = prepared(turns, DocumentType.AI_CHAT)

    assert document.text == "Melanie: I like tea\nAssistant: Noted.\nUser: "
    assert said(document) == [("user", "Melanie", "I like tea"), ("assistant", None, "Noted.")]
    assert [document.text[b.start : b.end] for b in document.blocks] == ["I like tea", "Noted."]
    assert [(s.turn_id, s.text) for s in document.segments] == [
        ("D1:1", "Melanie: I like tea"),
        ("D1:2", "Assistant: Noted."),
    ]


def test_a_json_array_of_messages_is_a_transcript() -> None:
    document = prepared('[{"role": "user", "content": "I like tea", "id": 7}]', DocumentType.AI_CHAT)

    assert (said(document), document.blocks[0].turn_id) == ([("user", None, "I like tea")], "7")


def test_a_line_with_a_colon_above_a_list_is_its_heading() -> None:
    document = prepared("\n    Acme Team Processes:\n    - Sprint duration: 2 weeks\n    - Retro on Fridays\n    ")

    assert listed(document) == [
        ("heading", (), "Acme Team Processes"),
        ("list_item", ("Acme Team Processes",), "Sprint duration: 2 weeks"),
        ("list_item", ("Acme Team Processes",), "Retro on Fridays"),
    ]
    assert [s.text for s in document.segments] == ["Acme Team Processes\nSprint duration: 2 weeks\nRetro on Fridays"]


def test_lost_line_breaks_are_restored_with_offsets_into_the_original() -> None:
    text = "# Guide ## Code Rules - All code is reviewed - Tests come first ## Releases - Window: Mon - Thu, 10am - 2pm"

    document = prepared(text)

    assert listed(document) == [
        ("heading", (), "Guide"),
        ("heading", ("Guide",), "Code Rules"),
        ("list_item", ("Guide", "Code Rules"), "All code is reviewed"),
        ("list_item", ("Guide", "Code Rules"), "Tests come first"),
        ("heading", ("Guide",), "Releases"),
        ("list_item", ("Guide", "Releases"), "Window: Mon - Thu, 10am - 2pm"),
    ]
    assert all(document.text[b.start : b.end] == b.text for b in document.blocks)


def test_markdown_gives_tables_pairs_quotes_code_and_plain_words() -> None:
    document = prepared(
        "# Plans\n\nAll **prices** are [net](http://x.y).\n\n| Plan | Price |\n|---|---|\n| Pro | 20 |\n\n"
        "Support hours: 9 to 5\nOwner: Dana\n\n> quoted\n\n```py\nx = 1\n```\n\nIntro ........ 7\n"
    )

    kinds = [(kind, text) for kind, _, text in listed(document)]
    assert kinds == [
        ("heading", "Plans"),
        ("paragraph", "All prices are net."),
        ("table_row", "Plan: Pro; Price: 20"),
        ("key_value", "Support hours: 9 to 5"),
        ("key_value", "Owner: Dana"),
        ("quote", "quoted"),
        ("code", "x = 1"),
        ("boilerplate", "Intro ........ 7"),
    ]
    assert document.blocks[2].cells == (("Plan", "Pro"), ("Price", "20"))
    assert document.blocks[3].cells == (("Support hours", "9 to 5"),)


def test_an_email_keeps_headers_body_and_quoted_tail_apart() -> None:
    document = prepared(
        "From: Dana Fox <dana@x.org>\nSubject: Plan\nDate: Fri, 20 Nov 2026 10:00:00 +0100\n\n"
        "We meet on Monday.\n\n-- \nDana\n\nOn Thu, Bob wrote:\n> old text\n",
        DocumentType.EMAIL,
    )

    kinds = [block.kind for block in document.blocks]
    body = document.blocks[3]
    assert kinds == [BlockKind.HEADER] * 3 + [BlockKind.PARAGRAPH, BlockKind.BOILERPLATE, BlockKind.QUOTE]
    assert (body.text, body.speaker, body.heading_path) == ("We meet on Monday.", "Dana Fox", ("Plan",))
    assert body.time == datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_html_is_read_without_navigation_and_scripts() -> None:
    document = prepared(
        "<html><head><title>t</title></head><body><nav>menu</nav><h1>A &amp; B</h1><p>Some <b>bold</b> text.</p>"
        "<ul><li>one</li></ul><script>x()</script><footer>end</footer></body></html>"
    )

    assert listed(document) == [
        ("heading", (), "A & B"),
        ("paragraph", ("A & B",), "Some bold text."),
        ("list_item", ("A & B",), "one"),
    ]


def test_personal_data_is_gone_from_texts_turns_and_speakers() -> None:
    turns = [Turn(content="mail me at bob@x.org", speaker="bob@x.org")]

    document = prepared(turns, DocumentType.HUMAN_CHAT, PiiHandling.REDACT)

    assert document.text == "[EMAIL]: mail me at [EMAIL]"
    assert document.protected == {"email": 2}


def test_long_texts_are_split_at_sentences_and_monsters_at_words() -> None:
    sentences = " ".join(f"Item{i} costs {i} and ships on day{i}." for i in range(200))
    monster = " ".join(f"word{i}" for i in range(500))
    for text in (sentences, monster, "東京都大阪府" * 300 + "x" * 2000):
        document = prepared(text)

        assert all(len(term_hashes(s.text)) <= TERM_CAP for s in document.segments)
        assert all(count_tokens(s.text) <= MAX_TOKENS for s in document.segments)
        assert [s.ordinal for s in document.segments] == list(range(len(document.segments)))
        assert "".join(s.text for s in document.segments).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("text", ["", "  \r\n ", "\ufeff", "a\x00b", "a\ud800b"])
def test_unusable_text_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        prepared(text)

    assert refusal.value.field == "document"


@pytest.mark.parametrize(
    ("turns", "field"),
    [
        ([], "document"),
        ([Turn(content=" ")], "document"),
        ([Turn(content="x", role="king")], "document[0].role"),
        ([Turn(content="x"), Turn(content="a\x00", role="user")], "document[1].content"),
    ],
)
def test_unusable_turns_are_refused_by_name(turns: list[Turn], field: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^document") as refusal:
        prepared(turns)

    assert refusal.value.field == field


def test_byte_order_marks_and_carriage_returns_do_no_harm() -> None:
    document = prepared("\ufeffUser: I like tea\r\nAssistant: ok\r\n", DocumentType.AI_CHAT)

    blocks: tuple[Block, ...] = document.blocks
    assert [document.text[b.start : b.end] for b in blocks] == ["I like tea", "ok"]


@pytest.mark.parametrize("handling", [PiiHandling.REDACT, PiiHandling.MASK])
def test_a_turns_id_that_holds_personal_data_becomes_a_digest(handling: PiiHandling) -> None:
    turns = [Turn(content="Hello.", id=name) for name in ("ina@example.org", "per@example.org", "m-3")]

    ids = [block.turn_id for block in prepared(turns, DocumentType.AI_CHAT, handling).blocks]
    again = [block.turn_id for block in prepared(turns, DocumentType.AI_CHAT, handling).blocks]

    assert ids == again
    assert len(set(ids)) == 3
    assert ids[2] == "m-3"
    assert all("example" not in str(identity) for identity in ids)


def test_one_recurring_name_that_opens_a_chat_makes_it_a_transcript() -> None:
    document = prepared("Mia: I play chess.\nNoor: I prefer go.\nMia: My dad plays too.", DocumentType.AI_CHAT)

    assert [block.speaker for block in document.blocks] == ["Mia", "Noor", "Mia"]


def test_recurring_keys_are_no_speakers() -> None:
    document = prepared("Lunch: soup\nDinner: rice\nLunch: toast", DocumentType.AI_CHAT)

    assert [block.speaker for block in document.blocks] == [None]


def test_a_title_above_keys_and_values_is_their_heading() -> None:
    document = prepared("Setup notes\nOwner: Ines\nSeats: 40")

    assert listed(document) == [
        ("heading", (), "Setup notes"),
        ("key_value", ("Setup notes",), "Owner: Ines"),
        ("key_value", ("Setup notes",), "Seats: 40"),
    ]


def test_a_uuid_whose_digits_look_like_a_number_stays_an_id() -> None:
    identity = "53033190-7660-45b1-99e1-7b552e94525c"

    (block,) = prepared([Turn(content="Hello.", id=identity)], DocumentType.AI_CHAT, PiiHandling.REDACT).blocks

    assert block.turn_id == identity
