"""Requoting: an erased passage goes out of what other memories quote, and those that would go on telling it are found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from synap.domain.memories import Evidence
from synap.domain.scopes import Scope
from synap.domain.terms import tokenize
from synap.store.blanking import Blanked, is_quote
from synap.store.database import Connection
from synap.store.rows import Detail, decode_detail, encode_detail, place
from synap.store.statements import execute, portions

Versions = Mapping[str, Sequence[Blanked]]
"""Documents of which passages were blanked, by their ids, in each of their versions."""


async def requote(connection: Connection, scope: Scope, blanked: Iterable[Blanked]) -> list[int]:
    """Take blanked passages out of what the memories of a scope quote; return the rows of those that are to be erased too.

    These rest on several passages, and say what only the one that went has told: a feeling and what it was about. They stay
    as they are. What rests on the blanked passage alone is a memory of its own, and stays without it.
    """
    versions: defaultdict[str, list[Blanked]] = defaultdict(list)
    for one in _whole(blanked):
        versions[one.key].append(one)
    if not versions:
        return []
    documents = [one for several in versions.values() for one in several]
    params = place(scope) | {"documents": [one.row for one in documents]}
    params |= {"ingestions": [one.ingestion for one in documents]}
    rows = await (await execute(connection, "memories_of_passages", params, shared=scope.shared)).fetchall()
    quoting: list[int] = []
    telling: list[int] = []
    changed: list[tuple[int, bytes]] = []
    for row in rows:
        detail = decode_detail(row["detail"])
        evidence = _requoted(detail.evidence, versions)
        if _tells_on(detail, evidence):
            telling.append(row["id"])
            continue
        quoting.append(row["id"])
        if evidence != detail.evidence:
            changed.append((row["id"], encode_detail(detail.statement, evidence)))
    for portion in portions(changed):
        columns = {"ids": [row for row, _ in portion], "details": [detail for _, detail in portion]}
        await execute(connection, "requote_memories", params | columns, shared=scope.shared)
    for several in portions(quoting):
        await _requote_effects(connection, scope, several, versions)
    return telling


def _whole(blanked: Iterable[Blanked]) -> Iterable[Blanked]:
    """Return each version once, from before the first to after the last of its passages was blanked."""
    found: dict[int, Blanked] = {}
    for one in blanked:
        found[one.row] = replace(found.get(one.row, one), after=one.after)
    return found.values()


def _requoted(evidence: Sequence[Evidence], versions: Versions) -> tuple[Evidence, ...]:
    """Return passages with the words that are left of them in their documents."""
    return tuple(_left(piece, versions.get(piece.document_id, ())) for piece in evidence)


def _left(piece: Evidence, versions: Sequence[Blanked]) -> Evidence:
    for one in versions:
        before, after = (text[piece.start : piece.end] for text in (one.before, one.after))
        if before != after and is_quote(before, piece.quote):
            return replace(piece, quote=after)
    return piece


def _tells_on(detail: Detail, evidence: Sequence[Evidence]) -> bool:
    """Whether a memory says what was told by passages that went, and is not told by those of the same documents that stay."""
    pairs = list(zip(detail.evidence, evidence, strict=True))
    gone = [old for old, new in pairs if new != old]
    kept = {old.document_id for old, new in pairs if new == old}
    if not gone or not kept or not kept <= {piece.document_id for piece in gone}:
        return False
    return bool(set(tokenize(detail.statement.content)) & (_terms(gone) - _terms(evidence)))


def _terms(evidence: Sequence[Evidence]) -> set[str]:
    return {term for piece in evidence for term in tokenize(piece.quote)}


async def _requote_effects(connection: Connection, scope: Scope, memories: Sequence[int], versions: Versions) -> None:
    """Take the passages out of how memories stood before others said them again, and of how these said them."""
    params = place(scope) | {"ids": list(memories)}
    rows = await (await execute(connection, "repetitions_of_memories", params, shared=scope.shared)).fetchall()
    noted: list[dict[str, Any]] = []
    for row in rows:
        fresh = row | {name: _requoted_detail(row[name], versions) for name in ("detail", "said")}
        if fresh != row:
            noted.append(fresh)
    for portion in portions(noted):
        columns = {name: [row[name] for row in portion] for name in ("memory_id", "ingestion_id", "detail", "said")}
        await execute(connection, "requote_effects", params | columns, shared=scope.shared)


def _requoted_detail(packed: bytes | None, versions: Versions) -> bytes | None:
    if packed is None:
        return None
    detail = decode_detail(packed)
    evidence = _requoted(detail.evidence, versions)
    return packed if evidence == detail.evidence else encode_detail(detail.statement, evidence)
