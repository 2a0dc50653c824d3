from __future__ import annotations

import pytest

from synap.domain.privacy import PiiHandling
from synap.ingestion.protect import protect, protect_metadata

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA1\nabc\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Write to jane.doe+x@mail.example.co.uk.", "Write to [EMAIL]."),
        ("Grüße an müller@exämple.de", "Grüße an [EMAIL]"),
        ("Call +49 30 1234567 or (415) 555-0132!", "Call [PHONE] or [PHONE]!"),
        ("415-555-0132, 030 1234567, 06 12 34 56 78", "[PHONE], [PHONE], [PHONE]"),
        ("my number is 5551234567", "my number is [PHONE]"),
        ("card 4111 1111 1111 1111 12/27", "card [CARD] 12/27"),
        ("pay to DE89 3704 0044 0532 0130 00 please", "pay to [IBAN] please"),
        ("from 192.168.1.17:8080 and 2001:db8:85a3::8a2e:370:7334", "from [IP]:8080 and [IP]"),
        ("SSN 123-45-6789", "SSN [SSN]"),
        ("use sk-proj-abcdEFGH1234567890abcd now", "use [SECRET] now"),
        ('api_key="f00b4r9912ab"', 'api_key="[SECRET]"'),
        ("my password is hunter2. Password: letmein", "my password is [SECRET]. Password: [SECRET]"),
        ("postgres://bob:s3cr3t@db.internal/x", "postgres://bob:[SECRET]@db.internal/x"),
        (f"key:\n{PEM}\nend", "key:\n[SECRET]\nend"),
    ],
)
def test_sensitive_values_are_replaced_by_their_class(text: str, redacted: str) -> None:
    assert protect(text, "redact")[0] == redacted


@pytest.mark.parametrize(
    "text",
    [
        "order 4155550132, order #415-555-0132, ticket 20261120",
        "version 3.11.2.1 was released 2026-11-20 at 10:30, or 20.11.2026",
        "$1,000,000.00 for 1 000 000 users and 10.000.000 rows",
        "std::vector a::b 10:30:00 09.30 - 10.30",
        "the password is required here, the token budget is 4096 tokens",
        "a card number 4111 1111 1111 1112 with a wrong check digit",
        "24/7, ISO 9001 2015, room 0123",
    ],
)
def test_ordinary_numbers_and_words_are_left_alone(text: str) -> None:
    assert protect(text, "redact") == (text, {})


def test_masks_keep_a_hint_and_hide_the_rest() -> None:
    masked, counts = protect("bob@example.org, +49 171 1234567, 4111 1111 1111 1111", PiiHandling.MASK)

    assert masked == "b***@e***.org, +** *** *****67, **** **** **** 1111"
    assert counts == {"email": 1, "phone": 1, "card": 1}


def test_off_changes_nothing() -> None:
    assert protect("bob@example.org", PiiHandling.OFF) == ("bob@example.org", {})


def test_a_salt_keeps_two_people_apart_without_storing_them() -> None:
    text, _ = protect("a@x.org b@x.org a@x.org", PiiHandling.REDACT, "salt")
    first, second, third = text.split()

    assert first == third != second
    assert first.startswith("[EMAIL_")
    assert protect("a@x.org", PiiHandling.REDACT, "other")[0] != first
    assert protect(text, PiiHandling.REDACT, "salt") == (text, {})


def test_metadata_is_protected_in_keys_values_and_by_its_names() -> None:
    metadata = {"from": "bob@x.org", "nested": [{"api_key": "zzz", "n": 3}], "a@b.org": True}

    protected, counts = protect_metadata(metadata, PiiHandling.REDACT)

    assert protected == {"from": "[EMAIL]", "nested": [{"api_key": "[SECRET]", "n": 3}], "[EMAIL]": True}
    assert counts == {"email": 2, "secret": 1}
