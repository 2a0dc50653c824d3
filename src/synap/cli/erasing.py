"""`synap verify erasure` and `synap purge`: that erased means erased, tried and done."""

from __future__ import annotations

import asyncio

import typer

from synap.cli.options import AsJson, BaseUrl, DataDir, ManagementKey
from synap.cli.outcome import Exit, run
from synap.cli.output import emit_json, emit_lines, emit_record, emit_table
from synap.cli.serving import read_settings
from synap.errors import InvalidInputError, SetupError
from synap.store.purging import Purged, purge
from synap.store.server import EmbeddedServer, Role
from synap.verify.erasure import KEPT, ErasureVerdict, Outcome, try_erasure
from synap.verify.installations import OverHttp
from synap.verify.own_store import own_store


def verify_erasure(url: BaseUrl = None, management_key: ManagementKey = None, as_json: AsJson = False) -> None:
    """Plant markers, erase them by every way, purge, and look for them in answers and in every file of the store.

    Runs on an embedded store of its own; with --url on a server, whose files are out of reach. Exits 1 where something is
    left.
    """

    async def work() -> ErasureVerdict:
        if url is None:
            async with own_store() as (installation, disk):
                return await try_erasure(installation, disk)
        if management_key is None:
            raise InvalidInputError("--management-key is required beside --url", field="management_key")
        server = OverHttp(url, management_key)
        try:
            return await try_erasure(server)
        finally:
            await server.close()

    verdict = run(None, work, as_json=as_json)
    if as_json:
        emit_json(verdict)
    else:
        _show(verdict)
    if not verdict.good:
        raise typer.Exit(Exit.FAILED)


def purge_store(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Rewrite an embedded store so that no byte of what was erased is left on its disk. Locks each table for a while."""

    async def work() -> Purged:
        settings = read_settings(data_dir, None)
        if settings.database_url is not None:
            raise SetupError(
                "the purge is for the embedded store, and SYNAP_DATABASE_URL is set: docs/howto/erase-and-prove.md tells"
                " what to ask of the database's operator"
            )
        server = await asyncio.to_thread(EmbeddedServer.start, settings.data_dir)
        try:
            return await asyncio.to_thread(purge, server.dsn(Role.OWNER))
        finally:
            await asyncio.to_thread(server.stop)

    done = run(None, work, as_json=as_json)
    emit_record(
        {"tables": done.tables, "segments": done.segments, "seconds": round(done.seconds, 3)},
        f"{done.tables} tables rewritten, {done.segments} segments of the log removed, in {done.seconds:.1f} s",
        as_json=as_json,
    )


def _show(verdict: ErasureVerdict) -> None:
    emit_table(
        ("erased", "receipts", "answers that show it", "files before", "bytes after", "verdict"),
        (
            (
                one.way,
                one.receipts,
                one.answers,
                "-" if one.files_before is None else one.files_before,
                "-" if one.bytes_after is None else one.bytes_after,
                _verdict(one),
            )
            for one in verdict.outcomes
        ),
    )
    for one in verdict.outcomes:
        if one.way != KEPT:
            emit_lines(f"left of {one.way}: {file}" for file in one.files_after)
    emit_lines(f"refused: {problem}" for problem in verdict.problems)
    emit_lines([f"{verdict.receipts} receipts, {len(verdict.problems)} problems with their chains and signatures"])
    if verdict.purge_seconds is not None:
        left = sum(one.bytes_after or 0 for one in verdict.outcomes if one.way != KEPT)
        emit_lines([f"after the purge ({verdict.purge_seconds:.1f} s): {left} bytes left"])
    emit_lines(f"not covered: {one}" for one in verdict.not_covered)


def _verdict(one: Outcome) -> str:
    if one.way == KEPT:
        return "kept, as it should be" if one.good else "LOST, or the looking is blind"
    return "gone" if one.good else "NOT GONE"
