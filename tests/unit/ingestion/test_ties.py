from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synap.domain.documents import DocumentType, Mode
from synap.domain.memories import Draft, MemoryType
from synap.domain.privacy import PiiHandling
from synap.ingestion.extract import Source, extract
from synap.ingestion.prepare import prepare

TUESDAY = datetime(2027, 3, 9, 9, 0, tzinfo=UTC)


def drafts(said: str, *, mode: Mode = Mode.LONG_RANGE) -> tuple[Draft, ...]:
    kind = DocumentType.AI_CHAT
    document = prepare(f"User: {said}", document_type=kind, created_at=TUESDAY, pii=PiiHandling.OFF)
    return extract(document, Source(document_id="d", document_type=kind, created_at=TUESDAY, mode=mode)).drafts


def of(kind: MemoryType, said: str) -> list[str]:
    return [draft.statement.content for draft in drafts(said) if draft.statement.type is kind]


def feelings(said: str) -> list[str]:
    return of(MemoryType.EMOTION, said)


@pytest.mark.parametrize(
    ("said", "felt"),
    [
        ("I got the biopsy back. I'm so relieved.", "The user is so relieved because they got the biopsy back"),
        ("My kiln broke on Sunday. I'm gutted.", "The user is gutted because their kiln broke on Sunday 7 March 2027"),
        ("My kiln broke. Ugh! We're gutted.", "The user and others are gutted because their kiln broke"),
        ("I aced the audition and I'm very happy.", "The user is very happy because they aced the audition"),
        ("My niece was born on Friday and I'm overjoyed.", "The user is overjoyed because their niece was born on Friday 5 March 2027"),
        ("I rowed all night, so I was exhausted.", "The user was exhausted because they rowed all night"),
        ("My neighbour plays the tuba daily. It makes me mad.", "The user is mad because their neighbour plays the tuba daily"),
        ("I dropped the urn. I'm ashamed about it.", "The user is ashamed because they dropped the urn"),
        ("My mentor passed away. That left me heartbroken.", "The user was heartbroken because their mentor passed away"),
        ("I'm nervous. I have a viva on Friday.", "The user is nervous because they have a viva on Friday 12 March 2027"),
        ("I'm so angry! My flatmate lied to me.", "The user is so angry because their flatmate lied to them"),
        ("I swam at noon. I'm furious. My boss fired me.", "The user is furious because their boss fired them"),
        ("I didn't pass the test. I'm disappointed.", "The user is disappointed because they did not pass the test"),
        ("We tried a raft. It sank nothing. I'm calm.", "The user is calm"),
    ],
)  # fmt: skip
def test_a_feeling_names_its_trigger_in_the_clause_beside_it(said: str, felt: str) -> None:
    assert feelings(said) == [felt]


@pytest.mark.parametrize(
    ("said", "felt"),
    [
        ("I went to the lake yesterday. I'm happy.", ["The user is happy"]),
        ("I got promoted last week. I'm sad.", ["The user is sad"]),
        ("My kiln broke. Which glue is best for tiles? I'm gutted.", ["The user is gutted"]),
        ("I won a medal, but I'm gutted.", ["The user is gutted"]),
        ("I was nervous. I have a viva on Friday.", ["The user was nervous"]),
        ("I'm anxious. I bought a lamp yesterday.", ["The user is anxious"]),
        ("My dog died. I'm not sad.", []),
        ("I had soup for lunch. I'm so happy.", []),
        ("My dog died. My sister is devastated.", ["The user's sister is devastated"]),
        ("I might lose my flat. I was happy.", ["The user was happy"]),
    ],
)
def test_no_trigger_is_made_up(said: str, felt: list[str]) -> None:
    assert feelings(said) == felt


def test_what_a_feeling_is_about_stays_a_memory_of_its_own_and_gives_it_evidence() -> None:
    told, felt = drafts("My kiln broke on Sunday. I'm gutted.")

    assert told.statement.type is MemoryType.EPISODE
    assert [one.quote for one in told.evidence] == ["My kiln broke on Sunday."]
    assert [one.quote for one in felt.evidence] == ["I'm gutted.", "My kiln broke on Sunday."]
    assert (felt.statement.category, felt.statement.score, felt.statement.slots) == ("sadness", 0.85, ())


def test_a_trigger_goes_with_its_own_words() -> None:
    said = "My kiln broke on Sunday. I'm gutted. Sorry, I meant Saturday."
    contents = {draft.statement.content for draft in drafts(said)}

    assert contents == {"The user is gutted", "The user's kiln broke on Saturday 6 March 2027"}
    assert feelings("My kiln broke on Sunday. I'm gutted. Just kidding.") == []
    assert of(MemoryType.EPISODE, "My kiln broke. I'm gutted. Just kidding.") == ["The user's kiln broke"]


def test_fast_mode_tells_no_feelings() -> None:
    found = drafts("My kiln broke on Sunday. I'm gutted.", mode=Mode.FAST)

    assert [draft.statement.type for draft in found] == [MemoryType.EPISODE]


@pytest.mark.parametrize(
    ("said", "episode"),
    [
        ("We tried brewing kvass; it failed because the cellar was too warm.", "The user and others tried brewing kvass; it failed because the cellar was too warm"),
        ("I moved our wiki to Gollum last week and it worked.", "The user moved their wiki to Gollum in the week of 1 March 2027 and it worked"),
        ("We tried a tandem last summer. It went badly.", "The user and others tried a tandem in summer 2026; it went badly"),
        ("I tried repairing the boiler, but it still leaks.", "The user tried repairing the boiler, but it still leaks"),
        ("I asked my boss for a raise. She said no.", "The user asked their boss for a raise; she said no"),
        ("We asked the council for a permit; they turned us down.", "The user and others asked the council for a permit; they turned them down"),
        ("I applied for the grant in March and got it.", "The user applied for the grant in March 2027; they got it"),
        ("I auditioned for the choir, but I didn't get in.", "The user auditioned for the choir, but they did not get in"),
        ("We planted an oak in May. Unfortunately it did not survive the frost.", "The user and others planted an oak in May 2026; unfortunately it did not survive the frost"),
    ],
)  # fmt: skip
def test_an_episode_tells_how_it_ended(said: str, episode: str) -> None:
    (draft,) = drafts(said)

    assert (draft.statement.type, draft.statement.content) == (MemoryType.EPISODE, episode)
    assert [one.quote for one in draft.evidence] == [said]


@pytest.mark.parametrize(
    "said",
    [
        "We will try gas. It worked.",
        "I bought a tent. The parade went wrong.",
        "I bought a tent. She said no.",
        "I painted the shed. Does paint dry in the rain at all? It worked.",
        "I painted the shed. We lost.",
    ],
)
def test_an_end_belongs_to_what_was_told_just_before_alone(said: str) -> None:
    tied = [draft for draft in drafts(said) if len(draft.evidence[0].quote) > len(said) - 3]

    assert tied == []


def test_what_comes_behind_the_end_stays_apart_and_a_feeling_follows_the_end() -> None:
    said = "We tried to fix the leak ourselves. It didn't work, so we called a plumber."
    assert of(MemoryType.EPISODE, said) == [
        "The user and others tried to fix the leak themselves; it did not work",
        "The user and others called a plumber",
    ]
    glad = "I applied for the grant and got it. I'm thrilled."
    assert feelings(glad) == ["The user is thrilled because they applied for the grant and they got it"]
    assert feelings("I applied for the grant and got it. I'm sad.") == ["The user is sad"]


def test_so_before_a_feeling_begins_no_clause() -> None:
    assert feelings("I'm so scared of moths.") == ["The user is so scared of moths"]
    assert feelings("I'm so happy for my niece.") == ["The user is so happy for their niece"]
