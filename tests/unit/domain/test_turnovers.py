import pytest

from synap.domain.changeovers import stopped
from synap.domain.memories import MemoryType, Modality, Statement
from synap.domain.slots import slots_of
from synap.domain.turnovers import turned


def _told(content: str, kind: MemoryType = MemoryType.FACT) -> Statement:
    return Statement(type=kind, content=content, slots=slots_of(content, subject="the user"))


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("The user and others repainted the fence white", "The user's fence is brown"),
        ("The user's trainer doubled the squats to 60", "The user does 30 squats a day"),
        ("The loan was refinanced with Talerbank", "The loan is with Umbrabank"),
        ("Somebody moved the user to bunk 7C", "The user's bunk is 4A"),
        ("Odile Marchand was elected mayor of the user's village", "The mayor of the user's village is Bram Visser"),
        ("The user's niece Tilda is in the second year now", "The user's niece Tilda is in the first year"),
        ("The Osprey rollout is back in testing", "The Osprey rollout is on hold"),
        ("The class has grown to 31 pupils", "The class has 24 pupils"),
        ("The raffle will be in the town hall instead", "The raffle takes place in the old mill"),
    ],
)
def test_a_change_ends_what_gave_another_answer_on_its_topic(newer: str, older: str) -> None:
    kind = MemoryType.FACT if " is " in newer or "instead" in newer else MemoryType.EPISODE
    change = _told(newer, kind)
    if "instead" in newer:
        change = Statement(type=kind, content=newer, modality=Modality.PLANNED)

    assert turned(change, _told(older))


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("The user's fence is white", "The user's gate is brown"),
        ("The user and others repainted the shed white", "The user's fence is brown"),
        ("The user almost repainted the fence white", "The user's fence is brown"),
        ("The user's cousin moved to bunk 7C", "The user's bunk is 4A"),
        ("The user also bought a bunk 7C", "The user's bunk is 4A"),
        ("The user's sister moved to Narva", "The user's sister works at Umbrabank"),
        ("The user's aunt's dentist is now Dr. Falk", "The user's dentist is Dr. Grau"),
        ("The user's boss refused to raise the bonus to 900", "The user's bonus is 700"),
        ("This week the user's bunk is 7C now", "The user's bunk is 4A"),
    ],
)
def test_what_is_no_change_or_of_another_thing_ends_nothing(newer: str, older: str) -> None:
    assert not turned(_told(newer), _told(older))


@pytest.mark.parametrize(
    ("newer", "older", "ends"),
    [
        ("The user gave up fizzy drinks", "The user drinks fizzy drinks at lunch", True),
        ("The user quit chess", "The user plays chess on Fridays", True),
        ("The user gave up chess", "The user owns a chess shop", False),
        ("The user's son gave up chess", "The user plays chess on Fridays", False),
    ],
)
def test_who_gives_something_up_ceases_to_do_it(newer: str, older: str, *, ends: bool) -> None:
    assert stopped(newer, older) is ends
