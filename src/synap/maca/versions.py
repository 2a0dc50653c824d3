"""Versions of configurations: one that is named rises with each change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synap.errors import InvalidInputError
from synap.maca.load import load, read
from synap.maca.source import parse


def check_rises(source: str | Mapping[str, Any], before: str | None) -> None:
    """Check that a configuration which names its version names one above that of the one in force, unless they are equal.

    Args:
        source: The configuration, which `load` takes.
        before: The text of the one in force; None where none was ever set.

    Raises:
        InvalidInputError: The version does not rise; `field` is `version`.
    """
    content = parse(source) if isinstance(source, str) else source
    if before is None or content.get("version") is None:
        return
    wanted, held = load(source), read(before)
    if wanted != held and precedence(wanted.version) <= precedence(held.version):
        raise InvalidInputError(
            f"version must be above {held.version}, that of the configuration in force, not {wanted.version}: "
            "raise it with each change, or leave it out",
            field="version",
        )


def precedence(version: str) -> tuple[Any, ...]:
    """Return what orders versions as semver does: by number, a release after its pre-releases, whatever the build.

    Source: Semantic Versioning 2.0.0, section 11.
    """
    core, _, before = version.partition("+")[0].partition("-")
    numbers = tuple(int(part) for part in core.split("."))
    parts = ((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in before.split("."))
    return (*numbers, not before, tuple(parts))
