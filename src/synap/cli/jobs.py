"""`synap jobs`: what waits in the queue, what was given up and why, and what to do about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer

from synap.cli.options import AsJson, DataDir
from synap.cli.outcome import run
from synap.cli.output import emit_json, emit_lines, emit_record, emit_table
from synap.cli.serving import DatabaseUrl, opened_engine, read_settings
from synap.cli.tenants import InstanceId
from synap.domain.ids import RowRef, decode_public_id, encode_public_id
from synap.engine.engine import Engine
from synap.errors import InvalidInputError, NotFoundError
from synap.settings import Settings
from synap.store.queue import COMPACT, QueuedJob

jobs = typer.Typer(help="The queue: list, explain, retry, drop.", no_args_is_help=True)

STATES = ("ready", "running", "dead")
MOST = 10_000

T = TypeVar("T")
JobId = Annotated[str, typer.Argument(help="Of an ingestion or a compaction, as `synap jobs list` names it.")]


@jobs.command("list")
def list_jobs(
    instance_id: InstanceId,
    state: Annotated[str, typer.Option(help="ready, running, dead, or all.")] = "dead",
    limit: Annotated[int, typer.Option(help="Jobs, newest first.", min=1, max=MOST)] = 100,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the jobs of an instance: those that were given up, or those in another state."""
    if state not in (*STATES, "all"):
        raise InvalidInputError(f"--state must be ready, running, dead or all, not {state!r}", field="state")
    states = STATES if state == "all" else (state,)

    async def work(engine: Engine) -> list[QueuedJob]:
        return await engine.core.store.queue.jobs(instance_id, states=states, limit=limit)

    settings = read_settings(data_dir, database_url)
    rows = [
        {
            "id": _public_id(job),
            "kind": job.kind,
            "state": job.state,
            "tries": job.tries,
            "queued_at": job.created_at,
            "code": job.error_code,
            "message": job.error_message,
        }
        for job in run(None, _opened(settings, work), as_json=as_json)
    ]
    if as_json:
        emit_json(rows)
        return
    emit_table(("job", "kind", "state", "tries", "queued at", "code", "message"), (tuple(row.values()) for row in rows))


@jobs.command("explain")
def explain_job(
    instance_id: InstanceId,
    job_id: JobId,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say where an ingestion or compaction stands, what it waits for, and what to do if it is stuck."""

    async def work(engine: Engine) -> tuple[str | None, QueuedJob | None, datetime]:
        ref = _reference(job_id)
        row = await engine.core.store.ingestions.get(ref) if ref.kind == "ingestion" else None
        if row is not None and row.instance_id != instance_id:
            row = None
        job = await engine.core.store.queue.explain(instance_id, ref)
        if row is None and job is None:
            raise NotFoundError(
                f"instance {instance_id} has no ingestion or compaction {job_id} in hand", field="job_id"
            )
        return None if row is None else row.status.value, job, engine.core.clock.now()

    status, job, now = run(None, _opened(read_settings(data_dir, database_url), work), as_json=as_json)
    lines = explained(status, job, now=now)
    if as_json:
        emit_json({"id": job_id, "status": status, "job": None if job is None else asdict(job), "explanation": lines})
        return
    emit_lines(lines)


@jobs.command("retry")
def retry_job(
    instance_id: InstanceId,
    job_id: Annotated[str | None, typer.Argument(help="As `synap jobs list` names it.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Put a job that was given up back into the queue, or all of them."""

    async def work(engine: Engine) -> list[str]:
        queue = engine.core.store.queue
        found = await _dead(engine, instance_id, None if every else _named(job_id))
        now = engine.core.clock.now()
        return [
            _public_id(job)
            for job in found
            if await queue.revive(instance_id, bucket=job.bucket, job_id=job.id, now=now)
        ]

    done = run(None, _opened(read_settings(data_dir, database_url), work), as_json=as_json)
    _tell(done, "queued", "in the queue again", every=every, as_json=as_json)


@jobs.command("drop")
def drop_job(
    instance_id: InstanceId,
    job_id: Annotated[str | None, typer.Argument(help="As `synap jobs list` names it.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Forget a job that was given up, or all of them: the ingestion stays failed, its document searchable."""

    async def work(engine: Engine) -> list[str]:
        queue = engine.core.store.queue
        found = await _dead(engine, instance_id, None if every else _named(job_id))
        return [_public_id(job) for job in found if await queue.drop(instance_id, bucket=job.bucket, job_id=job.id)]

    done = run(None, _opened(read_settings(data_dir, database_url), work), as_json=as_json)
    _tell(done, "dropped", "dropped", every=every, as_json=as_json)


def explained(status: str | None, job: QueuedJob | None, *, now: datetime) -> list[str]:
    """Return what there is to say about an ingestion's status and its job, and what to do, in lines for people."""
    lines = [] if status is None else [f"status: {status}"]
    if job is None:
        stuck = status in ("queued", "processing")
        return [
            *lines,
            "no job works on it: `synap doctor --mend` queues it again" if stuck else "it has ended; nothing is queued",
        ]
    lines.append(f"job: {job.state}, attempt {job.tries}, queued {_ago(job.created_at, now)}")
    if job.error_code:
        lines.append(f"last attempt: {job.error_message} ({job.error_code})")
    if job.state == "dead":
        lines.append("it was given up: `synap jobs retry` tries it again, `synap jobs drop` forgets it")
    elif job.state == "running" and job.lease_until is not None:
        late = job.lease_until < now
        lines.append(f"worker {job.lease_owner} holds it until {job.lease_until.isoformat()}")
        lines += (
            ["that is over: the next worker alive takes it back; run `synap worker` if there is none"] if late else []
        )
    elif job.run_at > now:
        lines.append(f"it is tried again at {job.run_at.isoformat()}")
    else:
        lines.append(f"{job.ahead} jobs of the same customer or user are ahead, {job.lanes - 1} others wait beside")
        if job.beside:
            lines.append("another document of the same scope is being worked on; they go one after another")
        lines.append("if it does not move, no worker runs: start `synap worker`, or look at `synap doctor`")
    return lines


def _ago(moment: datetime, now: datetime) -> str:
    return f"{max((now - moment).total_seconds(), 0.0):.0f} s ago"


def _opened(settings: Settings, work: Callable[[Engine], Awaitable[T]]) -> Callable[[], Coroutine[Any, Any, T]]:
    async def opened() -> T:
        async with opened_engine(settings) as engine:
            return await work(engine)

    return opened


def _named(job_id: str | None) -> str:
    if job_id is None:
        raise InvalidInputError("name a job, or give --all", field="job_id")
    _reference(job_id)
    return job_id


def _reference(job_id: str) -> RowRef:
    ref = decode_public_id(job_id)
    if ref is None or ref.kind not in ("ingestion", "compaction"):
        raise InvalidInputError(f"{job_id!r} is no id of an ingestion or a compaction", field="job_id")
    return ref


async def _dead(engine: Engine, instance_id: str, wanted: str | None) -> list[QueuedJob]:
    """Return the dead jobs of an instance, or the one that is wanted.

    Raises:
        NotFoundError: That one is not dead.
    """
    if wanted is None:
        return await engine.core.store.queue.jobs(instance_id, states=("dead",), limit=MOST)
    job = await engine.core.store.queue.explain(instance_id, _reference(wanted))
    if job is None or job.state != "dead":
        raise NotFoundError(f"no job {wanted} of {instance_id} was given up", field="job_id")
    return [job]


def _public_id(job: QueuedJob) -> str:
    kind, row = ("compaction", job.id) if job.kind == COMPACT else ("ingestion", job.ingestion_id or 0)
    return encode_public_id(RowRef(kind, job.bucket, row))


def _tell(done: list[str], status: str, words: str, *, every: bool, as_json: bool) -> None:
    rows = [{"id": one, "status": status} for one in done]
    line = f"{len(done)} jobs are {words}" if every else f"{''.join(done)} is {words}"
    emit_record(rows if every else rows[0], line, as_json=as_json)
