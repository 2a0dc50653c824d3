"""The timezone that a caller names in a document's metadata (`Europe/Berlin`, `UTC+2`, `-05:30`), or a timestamp tells."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"(?:UTC|GMT)?\s*(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>[0-5]\d))?", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*")
_LONGEST = 64
_MOST_HOURS = 14


@lru_cache(maxsize=1024)
def zone_of(name: str) -> tzinfo | None:
    """Return the timezone that a name or an offset means, or None where it means none that we know."""
    plain = name.strip()
    if len(plain) > _LONGEST:
        return None
    if found := _OFFSET.fullmatch(plain):
        hours, minutes = int(found["hours"]), int(found["minutes"] or 0)
        ahead = timedelta(hours=hours, minutes=minutes) * (-1 if found["sign"] == "-" else 1)
        return timezone(ahead) if hours <= _MOST_HOURS else None
    if _NAME.fullmatch(plain) is None:
        return None
    try:
        return ZoneInfo(plain)
    except (KeyError, ValueError, OSError):  # unknown here, or a folder of zones
        return None


def offset_of(moment: datetime | None) -> int | None:
    """Return by how many minutes a timestamp's clock is ahead of UTC.

    None where it tells none, or none at all: a timestamp in UTC says nothing about where the speaker is.
    """
    ahead = None if moment is None else moment.utcoffset()
    return None if not ahead or abs(ahead) > timedelta(hours=_MOST_HOURS) else int(ahead.total_seconds()) // 60


@lru_cache(maxsize=256)
def fixed(offset: int | None) -> tzinfo | None:
    """Return the timezone of an offset in minutes; None for none."""
    return None if offset is None else timezone(timedelta(minutes=offset))
