from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synap.domain.documents import DocumentType, Mode, PreparedDocument, Turn
from synap.domain.memories import MemoryType, Modality, Statement
from synap.domain.privacy import PiiHandling
from synap.ingestion.extract import Extraction, Source, extract
from synap.ingestion.prepare import prepare

TUESDAY = datetime(2027, 3, 9, 9, 0, tzinfo=UTC)


def prepared(text: str, kind: DocumentType) -> PreparedDocument:
    return prepare(text, document_type=kind, created_at=TUESDAY, pii=PiiHandling.OFF)


def extracted(
    text: str, kind: DocumentType = DocumentType.AI_CHAT, *, mode: Mode = Mode.LONG_RANGE, name: str | None = None
) -> Extraction:
    source = Source(document_id="d", document_type=kind, created_at=TUESDAY, rung="user", user_name=name, mode=mode)
    return extract(prepared(text, kind), source)


def told(text: str, kind: DocumentType = DocumentType.AI_CHAT) -> list[tuple[MemoryType, str]]:
    return [(draft.statement.type, draft.statement.content) for draft in extracted(text, kind).drafts]


def only(text: str) -> Statement:
    (draft,) = extracted(text).drafts
    return draft.statement


@pytest.mark.parametrize(
    ("said", "kind", "content"),
    [
        ("I repair violins for a living.", MemoryType.FACT, "The user repairs violins for a living"),
        ("I detest voicemail.", MemoryType.PREFERENCE, "The user detests voicemail"),
        ("Last Friday I adopted a greyhound.", MemoryType.EPISODE, "On Friday 5 March 2027 the user adopted a greyhound"),
        ("I'm terribly homesick for Chile.", MemoryType.EMOTION, "The user is terribly homesick for Chile"),
        ("My visa expires on 2 May.", MemoryType.TEMPORAL_EVENT, "The user's visa expires on 2 May 2027"),
        ("allergic to shellfish", MemoryType.FACT, "The user is allergic to shellfish"),
        ("moved to Turku last month", MemoryType.EPISODE, "The user moved to Turku in February 2027"),
        ("Please always cite your sources.", MemoryType.PREFERENCE, "The user wants the assistant to always cite its sources"),
        ("Call me Ziggy.", MemoryType.PREFERENCE, "The user wants to be called Ziggy"),
        ("Today is my wedding anniversary.", MemoryType.FACT, "The user's wedding anniversary is on 9 March 2027"),
    ],
)  # fmt: skip
def test_each_kind_is_recognised_and_told_in_the_third_person(said: str, kind: MemoryType, content: str) -> None:
    assert told(f"User: {said}") == [(kind, content)]


@pytest.mark.parametrize(
    "said",
    [
        "Thanks a lot, that helps!",
        "haha ok, sounds perfect",
        "What is the tallest tree in the world?",
        "Write a poem saying I love winter.",
        "If I were rich, I would buy an island.",
        "You're right, I agree.",
        "I'll check and let you know.",
        "That was amazing. It was so good.",
        "She told him everything.",
        "Translate this: 'I live in Prague and I own a dog'",
        "```\nI live in Nome\n```",
        "System: I prefer that all data be public.",
    ],
)
def test_chat_tasks_and_the_unresolved_yield_nothing(said: str) -> None:
    assert told(f"User: {said}") == []


def test_only_humans_feed_memories() -> None:
    assert told("User: Hello!\nAssistant: I live in the cloud and I love tea. Your name is Bob.") == []


def test_a_coordination_gives_two_statements_with_the_subject_carried() -> None:
    contents = [content for _, content in told("User: I run a kiosk in Lagos and speak Yoruba at home.")]

    assert contents == ["The user runs a kiosk in Lagos", "The user speaks Yoruba at home"]


def test_a_pronoun_means_the_one_person_mentioned() -> None:
    contents = [content for _, content in told("User: My niece Bea is six. She collects snails.")]

    assert contents == ["The user's niece Bea is six", "Bea collects snails"]


def test_a_learnt_name_is_used_and_slots_still_belong_to_the_user() -> None:
    drafts = extracted("User: My name is Olga Petrov.\nUser: I live in Split.").drafts

    assert drafts[1].statement.content == "Olga Petrov lives in Split"
    assert {slot.subject for slot in drafts[1].statement.slots} == {"the user"}


def test_feelings_are_weighed() -> None:
    strong, weak = only("User: I'm extremely anxious about the move."), only("User: I'm a bit anxious about the move.")

    assert (strong.category, weak.category) == ("anxiety", "anxiety")
    assert strong.score > weak.score


def test_a_denied_feeling_is_not_felt() -> None:
    assert all(kind is not MemoryType.EMOTION for kind, _ in told("User: I'm not afraid of the exam at all."))


def test_the_fast_mode_keeps_no_feelings() -> None:
    assert extracted("User: I feel hopeless about the job hunt.", mode=Mode.FAST).drafts == ()


def test_wishes_plans_and_hearsay_are_marked() -> None:
    assert only("User: I hope to cross the Sahara someday.").modality is Modality.WISHED
    assert only("User: I'm planning to rent a cabin.").modality is Modality.PLANNED
    assert only("User: Igor said he sells ladders.").modality is Modality.REPORTED


def test_a_correction_replaces_the_value_in_the_same_document() -> None:
    drafts = extracted("User: My tram leaves on Thursday. Sorry, I meant Saturday.").drafts

    assert [draft.statement.content for draft in drafts] == ["The user's tram leaves on Saturday 13 March 2027"]
    assert drafts[0].statement.correction


def test_a_retraction_removes_what_was_said_before_and_is_handed_on() -> None:
    extraction = extracted("User: Our rent is 900 euros.\nUser: Please forget what I said about the rent.")

    assert extraction.drafts == ()
    assert [retraction.topic for retraction in extraction.retractions] == ["rent"]


def test_an_opt_out_is_obeyed_and_counted() -> None:
    extraction = extracted("User: I own a barge.\nUser: Don't save this. I'm dating my landlord.")

    assert [draft.statement.content for draft in extraction.drafts] == ["The user owns a barge"]
    assert extraction.opt_outs == 1


def test_two_people_talk_about_themselves() -> None:
    talk = "Moss: Hey Ines! I joined a chess club last week.\nInes: Wow, cool! My dad and I built a canoe in May."

    assert [content for _, content in told(talk, DocumentType.HUMAN_CHAT)] == [
        "Moss joined a chess club in the week of 1 March 2027",
        "Ines and their dad built a canoe in May 2026",
    ]


def test_evidence_is_exact_and_names_its_turn() -> None:
    turns = [Turn(id="a", content="Hi there!"), Turn(id="b", content="Great day. I breed alpacas, and I hate rain.")]
    document = prepare(turns, document_type=DocumentType.AI_CHAT, created_at=TUESDAY, pii=PiiHandling.OFF)

    drafts = extract(document, Source(document_id="d", created_at=TUESDAY)).drafts

    quotes = [(e.turn_id, e.quote, document.text[e.start : e.end]) for draft in drafts for e in draft.evidence]
    assert quotes == [("b", "I breed alpacas", "I breed alpacas"), ("b", "I hate rain.", "I hate rain.")]


def test_a_users_note_in_the_first_person_is_the_user_speaking() -> None:
    assert told("I'm a beekeeper. I prefer trains to planes.", DocumentType.DOCUMENT) == [
        (MemoryType.FACT, "The user is a beekeeper"),
        (MemoryType.PREFERENCE, "The user prefers trains to planes"),
    ]


def test_the_same_document_gives_the_same_answer() -> None:
    text = "User: My cousin Abe runs a farm, and I visited him last June."

    assert extracted(text) == extracted(text)


def test_no_longer_is_a_denial_that_keeps_its_words() -> None:
    statement = only("User: I no longer play the harp.")

    assert (statement.content, statement.positive) == ("The user no longer plays the harp", False)


def test_later_mentions_of_the_speaker_agree_with_their_verb() -> None:
    assert only("User: I broke my arm when I was twelve.").content == "The user broke their arm when they were twelve"


def test_a_moved_appointment_lies_at_its_new_time() -> None:
    statement = only("User: My checkup was moved from May 3 to May 10.")

    assert statement.type is MemoryType.TEMPORAL_EVENT
    assert statement.when is not None
    assert statement.when.start.date().isoformat() == "2027-05-10"


def test_a_preface_is_no_part_of_the_statement() -> None:
    assert only("User: Just wanted to let you know that I sold the boat.").content == "The user sold the boat"


@pytest.mark.parametrize(
    ("said", "contents"),
    [
        ("Sold the canoe.", ["The user sold the canoe"]),
        ("I'm Tove Berg and I run a ferry.", ["The user's name is Tove Berg", "Tove Berg runs a ferry"]),
        ("I'm deaf in one ear, you know.", ["The user is deaf in one ear"]),
        ("I'd say my favourite month is May.", ["The user's favourite month is May"]),
        ("I don't smoke, so I need no ashtray.", ["The user does not smoke", "The user needs no ashtray"]),
        ("I'm not fussy about food, but onions give me hives.",
         ["The user is not fussy about food, but onions give them hives"]),
        ("My aunt Vera is from Turku, and she carves spoons.", ["The user's aunt Vera is from Turku", "Vera carves spoons"]),
        ("My parents live in Cork. They keep geese.", ["The user's parents live in Cork", "The user's parents keep geese"]),
        ("I was born in Oulu and grew up in Lund.", ["The user was born in Oulu", "The user grew up in Lund"]),
        ("There are four goats on my farm.", ["There are four goats on the user's farm"]),
        ('My boss wrote "you need to hurry, I am waiting".', []),
        ("I own a castle. Just kidding!", []),
        ("I love Easter.", ["The user loves Easter"]),
        ("We leave on 14 May and come back on the 21st.",
         ["The user and others leave on 14 May 2027", "The user and others come back on 21 May 2027"]),
        ("I work nights, so please don't book anything before noon.",
         ["The user works nights", "The user wants the assistant not to book anything before noon"]),
    ],
)  # fmt: skip
def test_statements_stand_alone_in_plain_words(said: str, contents: list[str]) -> None:
    assert [content for _, content in told(f"User: {said}")] == contents


def test_a_value_that_begins_later_is_a_fact_with_its_first_day() -> None:
    statement = only("User: From 1 September the studio is at 9 Mill Lane.")

    assert statement.type is MemoryType.FACT
    assert statement.content == "The studio is at 9 Mill Lane from 1 September 2027"
    assert statement.valid_from == datetime(2027, 9, 1, tzinfo=UTC)
    assert [(slot.name, slot.value) for slot in statement.slots] == [("location:studio", "9 mill lane")]


def test_a_value_announced_with_will_is_asserted() -> None:
    statement = only("User: The berth fee will be 45 euros from 1 May.")

    assert (statement.modality, statement.valid_from) == (Modality.ASSERTED, datetime(2027, 5, 1, tzinfo=UTC))
    assert [slot.value for slot in statement.slots] == ["45 eur"]


def test_a_stay_ends_with_its_last_day() -> None:
    statement = only("User: I'm staying at a hostel until Friday.")

    assert statement.valid_until is not None
    assert statement.valid_until.date().isoformat() == "2027-03-12"


def test_a_correction_with_a_topic_of_its_own_leaves_other_statements_alone() -> None:
    drafts = extracted(
        "User: My eye test is on 12 June. Sorry, I misspoke: it's 13 May, my nephew's graduation."
    ).drafts

    assert [(draft.statement.content, draft.statement.correction) for draft in drafts] == [
        ("The user's eye test is on 12 June 2027", False),
        ("The user's nephew's graduation is on 13 May 2027", True),
    ]


def test_a_correction_finds_the_statement_of_its_topic() -> None:
    drafts = extracted(
        "User: My viola lesson is on Monday. My bus is the 14. Sorry, I meant Tuesday for my viola lesson."
    ).drafts

    assert [draft.statement.content for draft in drafts] == [
        "The user's bus is the 14",
        "The user's viola lesson is on Tuesday 16 March 2027",
    ]


def test_what_we_use_is_an_attribute_of_the_user() -> None:
    assert {slot.key for slot in only("User: We deploy with Jenkins.").slots} == {("the user", "ci")}


def test_a_repetition_is_never_written_as_one_date() -> None:
    assert only("User: The sauna is open every day, closed on Friday.").content == (
        "The sauna is open every day, closed on Friday"
    )


@pytest.mark.parametrize(
    "talk",
    ["Let me know how it goes!", "Will do.", "Good luck with that!", "I'm good, thanks", "Send pics!", "lol i'm dead"],
)
def test_small_talk_between_people_is_silent(talk: str) -> None:
    assert told(f"Moss: {talk}\nInes: Sure, sounds great!", DocumentType.HUMAN_CHAT) == []


def answered(question: str, answer: str) -> list[tuple[MemoryType, str]]:
    return told(f"Assistant: {question}\nUser: {answer}")


@pytest.mark.parametrize(
    ("question", "answer", "content"),
    [
        ("Where do you live?", "Ghent", "The user lives in Ghent"),
        ("Do you have any allergies?", "bees and latex", "The user has allergies (bees and latex)"),
        ("What's your niece's name?", "Her name is Ylva", "The user's niece's name is Ylva"),
        ("Do you smoke?", "No", "The user does not smoke"),
        ("Should I always use miles?", "Yes", "The user wants the assistant to always use miles"),
        (
            "How would you describe your cooking?",
            "rustic",
            "The user said: “rustic” (asked: How would you describe your cooking?)",
        ),
    ],
)
def test_a_short_answer_is_told_with_its_question(question: str, answer: str, content: str) -> None:
    assert [text for _, text in answered(question, answer)] == [content]


def test_an_answer_rests_on_the_turn_of_its_speaker_first() -> None:
    (draft,) = extracted("Assistant: Where do you live?\nUser: Ghent").drafts

    assert [evidence.quote for evidence in draft.evidence] == ["Ghent", "Where do you live?"]


def test_what_follows_a_yes_or_no_counts_as_well() -> None:
    contents = [content for _, content in answered("Do you have a car?", "No, but I own a canoe.")]

    assert contents == ["The user does not have a car", "The user owns a canoe"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [("How are you?", "good"), ("Do you need more help?", "yes"), ("Where do you live?", "Why?")],
)
def test_answers_about_the_talk_itself_are_silent(question: str, answer: str) -> None:
    assert answered(question, answer) == []


@pytest.mark.parametrize(
    ("said", "type_and_content"),
    [
        ("Keep replies brief.", (MemoryType.PREFERENCE, "The user wants the assistant to keep replies brief")),
        ("Would you mind using miles?", (MemoryType.PREFERENCE, "The user wants the assistant to use miles")),
        ("I'd like brief answers please.", (MemoryType.PREFERENCE, "The user wants brief answers")),
        ("I always want decaf.", (MemoryType.PREFERENCE, "The user always wants decaf")),
        (
            "I'd appreciate it if you addressed me informally.",
            (MemoryType.PREFERENCE, "The user wants the assistant to address them informally"),
        ),
        (
            "Remind me to water the ferns on Friday.",
            (MemoryType.TEMPORAL_EVENT, "The user wants to be reminded to water the ferns on Friday 12 March 2027"),
        ),
    ],
)
def test_requests_at_the_start_of_a_turn_are_kept_as_such(said: str, type_and_content: tuple[MemoryType, str]) -> None:
    assert told(f"User: {said}") == [type_and_content]


def test_a_request_behind_a_task_belongs_to_the_task() -> None:
    assert told("User: Write a toast for Ola. Keep it short.") == []


@pytest.mark.parametrize(
    "said",
    [
        "my cousin is.",
        "my neighbour doesn't.",
        "I'm glad to hear that.",
        "I'm the Tsar, haha just kidding",
        "Never mind, I found it.",
        "> I hate judo.",
        "I am, and so is my wife.",
    ],
)
def test_what_states_nothing_is_silent(said: str) -> None:
    assert told(f"User: {said}") == []


@pytest.mark.parametrize(
    ("said", "contents"),
    [
        ("I tiled the bath, and that was that.", ["The user tiled the bath"]),
        ("Me and my niece run a kiosk.", ["The user and their niece run a kiosk"]),
        ("My hobbies:\n- judo\n- chess", ["The user's hobbies include judo", "The user's hobbies include chess"]),
        ("I dislike:\n1. olives\n2. capers", ["The user dislikes olives", "The user dislikes capers"]),
        (
            "Boat notes\nSkipper: Ines\nBerths: 6",
            ["The user said: “Skipper: Ines (Boat notes)”", "The user said: “Berths: 6 (Boat notes)”"],
        ),
        ("Q: What do you bake?\nA: I bake rye.", ["The user said: “I bake rye” (asked: What do you bake?)"]),
        ("I wrote to Nils and Per. He is in Oslo.", ["The user wrote to Nils and Per"]),
        ("Dear diary, today I sold the van.", ["On 9 March 2027 the user sold the van"]),
        ("This Christmas I visited Per.", ["This Christmas (25 December 2026) the user visited Per"]),
        ("I set a record in February.", ["The user set a record in February 2027"]),
    ],
)
def test_the_words_of_a_turn_find_their_form(said: str, contents: list[str]) -> None:
    assert [content for _, content in told(said)] == contents


def test_a_nickname_is_told_apart_from_the_name() -> None:
    assert [content for _, content in told("My name is Aleksandra but everyone calls me Ola.")] == [
        "The user's name is Aleksandra",
        "Everyone calls Aleksandra Ola",
    ]


def test_a_repetition_makes_no_dated_event() -> None:
    statement = only("User: I have a checkup every six months.")

    assert statement.type is MemoryType.FACT
    assert statement.when is not None
    assert statement.when.recurrence == "every six months"


def test_a_sentence_repeated_in_a_turn_is_heard_once() -> None:
    drafts = extracted("User: " + "I own a canoe. " * 50).drafts

    assert [len(draft.evidence) for draft in drafts] == [1]


MAIL = """From: Ina Berg <ina@example.org>
To: Per Holm <per@example.org>
Subject: Keys
Date: Tue, 9 Mar 2027 09:00:00 +0000

Please return the keys by Friday. I moved to Voss in February. Forget what I said about the rent. Always answer in Danish.
"""


def test_a_mail_asks_its_reader_and_orders_nobody_else() -> None:
    extraction = extracted(MAIL, DocumentType.EMAIL)

    assert [draft.statement.content for draft in extraction.drafts] == [
        "Ina Berg wants Per Holm to return the keys by Friday 12 March 2027",
        "Ina Berg moved to Voss in February 2027",
    ]
    assert extraction.retractions == ()


def test_a_document_in_the_first_person_takes_nothing_back() -> None:
    extraction = extracted("Forget what I said about the rent. I live in Voss. Call me Zed.", DocumentType.DOCUMENT)

    assert [draft.statement.content for draft in extraction.drafts] == ["The user lives in Voss"]
    assert extraction.retractions == ()


def test_a_note_in_another_language_is_its_authors_own() -> None:
    drafts = extracted("Ich wohne in Bremen. Mein Bruder heißt Jörg.", DocumentType.NOTE).drafts

    assert [(draft.statement.content, draft.statement.language) for draft in drafts] == [
        ("Ich wohne in Bremen", "de"),
        ("Mein Bruder heißt Jörg", "de"),
    ]


def test_an_order_to_forget_in_another_language_is_a_retraction() -> None:
    extraction = extracted("User: Vergiss, was ich über Golf gesagt habe.")

    assert extraction.drafts == ()
    assert [retraction.topic for retraction in extraction.retractions] == ["Golf"]


def test_a_shared_document_is_quoted_where_it_says_we() -> None:
    source = Source(document_id="d", document_type=DocumentType.DOCUMENT, created_at=TUESDAY, rung="customer")
    document = prepared("# Fleet rules\n\nWe lease our vans. Vans are white.", DocumentType.DOCUMENT)

    contents = [draft.statement.content for draft in extract(document, source).drafts]

    assert contents == ["Fleet rules: “We lease our vans”", "Vans are white (Fleet rules)"]


def test_code_in_a_sentence_keeps_the_evidence_to_that_sentence() -> None:
    said = " ".join(f"I use `tool{number}` at work." for number in range(40))

    drafts = extracted(said).drafts

    assert len(drafts) == 40
    assert drafts[7].statement.content == "The user uses tool7 at work"
    assert [evidence.quote for evidence in drafts[7].evidence] == ["I use `tool7` at work."]


@pytest.mark.parametrize(
    ("said", "kind", "content"),
    [
        (
            "I'd take a tent over a hotel any day.",
            MemoryType.PREFERENCE,
            "The user would take a tent over a hotel any day",
        ),
        ("Didn't pass the audition last week.", MemoryType.EPISODE, "The user did not pass the audition"),
        (
            "The harvest has been postponed to 12 May.",
            MemoryType.TEMPORAL_EVENT,
            "The harvest has been postponed to 12 May 2026",
        ),
    ],
)
def test_more_turns_of_phrase_are_read(said: str, kind: MemoryType, content: str) -> None:
    prepared = prepare(
        f"User: {said}",
        document_type=DocumentType.AI_CHAT,
        created_at=datetime(2026, 3, 11, tzinfo=UTC),
        pii=PiiHandling.OFF,
    )

    (draft,) = extract(prepared, Source(document_id="d", created_at=datetime(2026, 3, 11, tzinfo=UTC))).drafts

    assert draft.statement.type is kind
    assert draft.statement.content.startswith(content)
