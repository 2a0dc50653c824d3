"""Where a text holds personal data or secrets: detectors for one class each, by form, checksum and the words before.

A detector yields spans. False alarms cost an order number, misses cost somebody's privacy; where the form alone is
ambiguous (a bare number) the words before it decide.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator

from synap.ingestion.secrets import secrets

Span = tuple[int, int]
Detector = Callable[[str], Iterator[Span]]

_DOMAIN = re.compile(r"@(?:[\w-]{1,63}\.){1,10}[^\W\d_]{2,24}")
_IN_URL = re.compile(r"://[^\s/@]{0,128}:$")  # what follows is a password and belongs to its own detector
_LOCAL = re.compile(r"[\w.%+'-]{1,64}$")

_NUMBER = re.compile(r"(?:\+|\(\+?)?\d(?:[ ()./\u00a0\u2011-]{0,2}\d)*")
_PHONE_WORDS = re.compile(
    r"(?:phone|call|dial|tel|telefon|mobile|mobil|handy|cell|fax|whatsapp|sms|text (?:me|us|him|her|them)|reach|ring"
    r"|(?:my|his|her|their|our|your) (?:new |private |work )?number)"
    r"[^\d\n]{0,30}$",
    re.IGNORECASE,
)
_OTHER_NUMBERS = re.compile(
    r"(?:order|invoice|ticket|ref(?:erence)?|issue|case|build|version|release|isbn|sku|part|serial|id|bug|pr|article)"
    r"(?: (?:no|number|nr)\.?)?[ :#=-]{0,3}$|[#$€£¥]\s?$",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:(?:19|20)\d\d|\d\d)(?!\d)")
_NORTH_AMERICAN = re.compile(r"(?:1[ .-]?)?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])\d{3}[ .-]\d{4}")
_TRUNK = re.compile(r"\(?0[1-9]\d{0,4}\)?(?:[ ()./-]{1,2}\d{2,8}){1,5}")
_LOOK_BACK = 48
_E164 = range(7, 16)  # digits of an international number, ITU-T E.164
_NATIONAL = range(9, 13)

_CARD_LENGTHS = range(13, 20)  # ISO/IEC 7812
_CARD_GROUP = 4  # digits that a card number's first group holds at least
_SSN = re.compile(r"(?<![\d-])(?!000|666|9\d\d)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\d-])")
_SSN_BARE = re.compile(r"(?:ssn|social security)[^\d\n]{0,24}(\d{9})(?!\d)", re.IGNORECASE)

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=[ -]?[A-Za-z0-9])")
_IBAN_LENGTH_TABLE = """
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18
    FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20
    LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24
    SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20
"""
_IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _IBAN_LENGTH_TABLE.split()}

_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{6,39}(?![\w:])")
_VERSION_WORDS = re.compile(r"(?:version|release|build|firmware|v)[ :]{0,2}$", re.IGNORECASE)
_IPV6_LEAST_DIGITS = 5


def emails(text: str) -> Iterator[Span]:
    """Yield the e-mail addresses, international ones included."""
    for domain in _DOMAIN.finditer(text):
        local = _LOCAL.search(text, max(0, domain.start() - 64), domain.start())
        if local and not _IN_URL.search(text, max(0, local.start() - 140), local.start()):
            yield local.start(), domain.end()


def phones(text: str) -> Iterator[Span]:
    """Yield phone numbers: international ones, national ones by their grouping, others by the words before them."""
    for match in _NUMBER.finditer(text):
        number = match.group()
        if _glued(text, match.start(), match.end()) or _DATE.match(number.lstrip("(")):
            continue
        digits = sum(map(str.isdecimal, number))
        before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
        if _is_phone(number, digits, before):
            opened = number.startswith("(") and ")" not in number
            yield match.start() + opened, match.end()


def cards(text: str) -> Iterator[Span]:
    """Yield payment card numbers: 13 to 19 digits, alone or in groups, whose Luhn check digit is right."""
    for run in re.finditer(r"(?<!\d)\d+(?:[ -]\d+)*", text):
        groups = [(m.start(), m.end()) for m in re.compile(r"\d+").finditer(text, run.start(), run.end())]
        first = 0
        while first < len(groups):
            leading = groups[first][1] - groups[first][0] >= _CARD_GROUP
            last = _card_end(text, groups, first) if leading else None
            if last is None:
                first += 1
                continue
            yield groups[first][0], groups[last][1]
            first = last + 1


def ibans(text: str) -> Iterator[Span]:
    """Yield international bank account numbers of the right length and check digits (ISO 13616, ISO 7064 mod 97-10)."""
    for head in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(head.group()[:2].upper())
        end = _walk(text, head.start(), length) if length else None
        if end is not None and _mod97(text[head.start() : end]) == 1:
            yield head.start(), end


def national_ids(text: str) -> Iterator[Span]:
    """Yield social security numbers of the United States."""
    for match in _SSN.finditer(text):
        yield match.span()
    for match in _SSN_BARE.finditer(text):
        yield match.span(1)


def addresses(text: str) -> Iterator[Span]:
    """Yield IPv4 and IPv6 addresses; four-part versions named as such are left alone."""
    for match in _IPV4.finditer(text):
        octets = all(int(part) < 256 for part in match.group().split("."))  # noqa: PLR2004 - an octet
        if octets and not _VERSION_WORDS.search(text[max(0, match.start() - 12) : match.start()]):
            yield match.span()
    for match in _IPV6.finditer(text):
        if _is_ipv6(match.group()):
            yield match.span()


DETECTORS: dict[str, Detector] = {
    "secret": secrets,
    "email": emails,
    "iban": ibans,
    "card": cards,
    "ssn": national_ids,
    "phone": phones,
    "ip": addresses,
}
"""By class, in order of precedence: of overlapping spans the earlier detector's counts."""


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the cross sum of a two-digit number
    return total % 10 == 0


def _is_phone(number: str, digits: int, before: str) -> bool:
    if digits not in _E164:
        return False
    if number.lstrip("(").startswith("+"):
        return True
    if _PHONE_WORDS.search(before):
        return True
    if _OTHER_NUMBERS.search(before):
        return False
    if number.startswith("00") and digits > max(_NATIONAL) - 2 and any(c in " -/" for c in number):
        return True
    return bool(_NORTH_AMERICAN.fullmatch(number) or (digits in _NATIONAL and _TRUNK.fullmatch(number)))


def _glued(text: str, start: int, end: int) -> bool:
    """Whether the number is part of a longer word, id, decimal or path."""
    before, after = text[start - 1 : start], text[end : end + 1]
    decimal = after in {".", ","} and text[end + 1 : end + 2].isdecimal()
    return before.isalnum() or before in {"_", "/", "=", "@", "*"} or after.isalpha() or after in {"_", "@"} or decimal


def _card_end(text: str, groups: list[Span], first: int) -> int | None:
    """Return the last of the groups that together with `first` make up a card number, or None."""
    digits = ""
    for last in range(first, len(groups)):
        start, end = groups[last]
        if len(digits) + end - start > max(_CARD_LENGTHS):
            return None
        digits += text[start:end]
        if len(digits) in _CARD_LENGTHS and digits[0] in "23456" and len(set(digits)) > 1 and luhn(digits):
            return last
    return None


def _walk(text: str, start: int, length: int) -> int | None:
    """Return where `length` letters and digits end, single blanks and hyphens skipped; None if a word goes on."""
    position, left = start, length
    while left and position < len(text):
        if text[position].isascii() and text[position].isalnum():
            left -= 1
        elif text[position] not in " -" or not text[position + 1 : position + 2].isalnum():
            return None
        position += 1
    return position if not left and not text[position : position + 1].isalnum() else None


def _mod97(iban: str) -> int:
    bare = iban.replace(" ", "").replace("-", "")
    return int("".join(str(int(c, 36)) for c in bare[4:] + bare[:4])) % 97


def _is_ipv6(candidate: str) -> bool:
    if candidate.count(":") < 2 or sum(c != ":" for c in candidate) < _IPV6_LEAST_DIGITS:  # noqa: PLR2004 - two colons
        return False
    try:
        ipaddress.IPv6Address(candidate)
    except ValueError:
        return False
    return True
