"""A chain of receipts stands only as it was written: whole, in order, and signed by the installation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from synap.api.receipts import ErasureReceipt, hash_of, problems_of
from synap.engine.receipts import Subject
from synap.engine.signing import Signer, new_secret, signed

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SIGNER = Signer(bytes(range(32)))


def chain(count: int, *, signer: Signer = SIGNER, book: str = "inst_1") -> list[ErasureReceipt]:
    made: list[ErasureReceipt] = []
    for number in range(1, count + 1):
        receipt = ErasureReceipt(
            receipt_id=f"r{number}",
            book=book,
            sequence=number,
            action="user",
            subject=signer.digest(book, "alice"),
            removed={"memories": number, "documents": 1},
            begun_at=NOW,
            ended_at=NOW,
            previous=made[-1].hash if made else "",
            key=signer.key,
        )
        receipt = msgspec.structs.replace(receipt, hash=hash_of(receipt))
        made.append(msgspec.structs.replace(receipt, signature=signer.sign(receipt.hash)))
    return made


def problems(receipts: list[ErasureReceipt], **options: Any) -> tuple[str, ...]:
    return problems_of(receipts, key=SIGNER.key, signed=signed, **options)


def test_a_chain_as_it_was_written_is_good() -> None:
    assert problems(chain(4), whole=True) == ()
    assert problems(chain(4)[2:]) == ()


def test_a_receipt_survives_its_way_through_json() -> None:
    told = msgspec.json.encode(chain(3))

    assert problems(msgspec.json.decode(told, type=list[ErasureReceipt]), whole=True) == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"removed": {"memories": 2}}, "was changed"),
        ({"ended_at": datetime(2026, 5, 5, tzinfo=UTC)}, "was changed"),
        ({"subject": "00"}, "was changed"),
        ({"signature": "00" * 64}, "not signed"),
        ({"signature": "no hex"}, "not signed"),
        ({"version": 2}, "version 2"),
    ],
)
def test_a_receipt_that_was_tampered_with_is_refused(change: dict[str, Any], told: str) -> None:
    receipts = chain(3)
    receipts[1] = msgspec.structs.replace(receipts[1], **change)

    found = problems(receipts)

    assert len(found) == 1
    assert "r2" in found[0]
    assert told in found[0]


def test_a_receipt_that_was_made_anew_breaks_the_chain_behind_it() -> None:
    receipts = chain(3)
    forged = msgspec.structs.replace(receipts[0], removed={"memories": 99})
    forged = msgspec.structs.replace(forged, hash=hash_of(forged))
    receipts[0] = msgspec.structs.replace(forged, signature=SIGNER.sign(forged.hash))

    assert [one for one in problems(receipts) if "does not follow" in one]


@pytest.mark.parametrize(
    "rearranged",
    [
        lambda told: [told[0], told[2]],
        lambda told: [told[1], told[0], told[2]],
        lambda told: [told[0], told[0], told[1]],
        lambda told: [told[0], *chain(2, book="inst_2")[1:]],
    ],
    ids=["one is missing", "two are swapped", "one is there twice", "one is another book's"],
)
def test_a_chain_that_was_rearranged_is_refused(
    rearranged: Callable[[list[ErasureReceipt]], list[ErasureReceipt]],
) -> None:
    assert problems(rearranged(chain(3)))


def test_a_chain_whose_beginning_is_missing_is_not_whole() -> None:
    assert "earlier ones are missing" in problems(chain(3)[1:], whole=True)[0]


def test_another_installations_receipts_are_refused() -> None:
    assert len(problems(chain(2, signer=Signer(new_secret())))) == 2


def test_whose_a_receipt_is_cannot_be_told_without_the_secret() -> None:
    alice = Subject(customer_id="acme", user_id="alice")

    own = alice.digest(SIGNER, "inst_1")

    assert own == alice.digest(SIGNER, "inst_1")
    assert own != alice.digest(Signer(new_secret()), "inst_1")
    assert own != alice.digest(SIGNER, "inst_2")
    assert own != Subject(customer_id="acmeal", user_id="ice").digest(SIGNER, "inst_1")
    assert own != Subject(customer_id="acme", user_id="alice", conversation="c").digest(SIGNER, "inst_1")
