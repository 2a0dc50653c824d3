"""`synap receipts`: what was erased and when, signed and chained; listed, found by whom they are about, checked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from synap.api.receipts import ErasureReceipt, ReceiptCheck, ReceiptPage, problems_of
from synap.cli.again import ToErase, show_to_erase, to_erase
from synap.cli.options import ApiKey, AsJson, BaseUrl, CustomerId, DataDir, ManagementKey, UserId, open_synap, read_file
from synap.cli.outcome import Exit, run
from synap.cli.output import emit_json, emit_lines, emit_record, emit_table
from synap.cli.serving import DatabaseUrl, opened_engine, read_settings
from synap.domain.ids import conversation_uuid
from synap.engine.kept_receipts import erase_again
from synap.engine.receipts import Subject, signer_of
from synap.engine.signing import signed
from synap.errors import InvalidInputError
from synap.sdk.client import Synap

receipts = typer.Typer(help="Receipts of erasures: list, find, verify.", no_args_is_help=True)

Book = Annotated[
    str | None, typer.Option("--instance", help="An instance or client, also one that was deleted; else the key's own.")
]
PAGE = 500
MOST_TOLD = 3
"""Problems of kept receipts that an error tells; `verify` tells all."""


class ReceiptFile(msgspec.Struct, frozen=True, kw_only=True):
    """What `synap receipts list --json` prints: receipts, and the installation's public key."""

    key: str
    receipts: tuple[ErasureReceipt, ...]


@receipts.command("list")
def list_receipts(
    instance: Book = None,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """List the receipts of an instance in the order of their chain; with --json for keeping, and for `verify`."""
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key, management_key=management_key)
    found = run(sdk, lambda: _all_of(sdk, instance), as_json=as_json)
    _show(found, as_json=as_json)


@receipts.command("find")
def find_receipts(
    instance: Annotated[str | None, typer.Option("--instance", help="Of which instance.")] = None,
    customer: CustomerId = None,
    user: UserId = None,
    conversation: Annotated[str | None, typer.Option("--conversation", help="A conversation of theirs.")] = None,
    item: Annotated[
        str | None, typer.Option("--item", help="A memory or document of theirs, or a deleted instance.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            help="Receipts that were kept, as `list --json` printed them, not those in the store.",
            exists=True,
        ),
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Find the receipts about somebody: they hold digests, which only the installation itself can compare with a name. With --file alone, what a store that was restored must erase again, and how; exits 8 while there is any."""
    told = Subject(
        customer_id=customer,
        user_id=user,
        conversation=None if conversation is None else conversation_uuid(conversation),
        item=item,
    )
    if file is None and instance is None:
        raise InvalidInputError(
            "--instance must say of which instance, or --file where the receipts lie", field="instance"
        )
    if file is not None and told != Subject() and instance is None:
        raise InvalidInputError("--instance must say of which instance they are", field="instance")
    kept = None if file is None else _read(file)

    async def work() -> ReceiptFile | ToErase:
        async with opened_engine(read_settings(data_dir, database_url)) as engine:
            signer = await signer_of(engine.core)
            if kept is not None:
                _check(kept, signer.key)
            if kept is not None and told == Subject():
                wanted = [one for one in kept.receipts if instance in (None, one.book)]
                again = await erase_again(engine.core, signer, wanted)
                return to_erase(again, default_instance=engine.default_instance, data_dir=data_dir)
            operator = engine.admin_for(await engine.local_caller(kind="management"))
            every = kept or await _gather(lambda after: operator.receipts(instance or "", after=after, limit=PAGE))
            digest = told.digest(signer, instance or "")
            about = tuple(one for one in every.receipts if (one.book, one.subject) == (instance, digest))
            return ReceiptFile(key=signer.key, receipts=about)

    found = run(None, work, as_json=as_json)
    if isinstance(found, ReceiptFile):
        _show(found, as_json=as_json)
        return
    show_to_erase(found, as_json=as_json)
    if found.again or found.ids_needed:
        raise typer.Exit(Exit.PARTIAL)


def _check(kept: ReceiptFile, key: str) -> None:
    """Check kept receipts against the installation's public key.

    Raises:
        InvalidInputError: One was changed or is missing, or they are another installation's.
    """
    if problems := _problems(kept, key, whole=False):
        raise InvalidInputError(f"the kept receipts are refused: {'; '.join(problems[:MOST_TOLD])}", field="file")


@receipts.command("verify")
def verify_receipts(
    file: Annotated[
        Path | None, typer.Argument(help="As `list --json` printed it; else those in the store.", exists=True)
    ] = None,
    public_key: Annotated[
        str | None, typer.Option("--public-key", help="The key that they must be signed with; else the installation's.")
    ] = None,
    instance: Book = None,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Check hashes, chain and signatures. Exits 1 where one was changed, is missing, or is not the installation's."""
    told = None if file is None else _read(file)
    if told is None or public_key is None:
        sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key, management_key=management_key)
        own = run(sdk, lambda: _all_of(sdk, instance), as_json=as_json)
    else:
        own = told
    checked = told or own
    problems = _problems(checked, public_key or own.key, whole=told is None)
    if not as_json:
        emit_lines(f"refused: {problem}" for problem in problems)
    emit_record(
        ReceiptCheck(receipts=len(checked.receipts), problems=problems),
        f"{len(checked.receipts)} receipts, {len(problems)} problems",
        as_json=as_json,
    )
    if problems:
        raise typer.Exit(Exit.FAILED)


def _problems(told: ReceiptFile, key: str, *, whole: bool) -> tuple[str, ...]:
    books: defaultdict[str, list[ErasureReceipt]] = defaultdict(list)
    for receipt in told.receipts:
        books[receipt.book].append(receipt)
    return tuple(
        problem for book in books.values() for problem in problems_of(book, key=key, signed=signed, whole=whole)
    )


def _read(file: Path) -> ReceiptFile:
    try:
        return msgspec.json.decode(read_file(file, field="file"), type=ReceiptFile)
    except msgspec.DecodeError as error:
        raise InvalidInputError(
            f"{file} holds no receipts: {error}; give a file that `synap receipts list --json` printed", field="file"
        ) from error


async def _all_of(sdk: Synap, instance: str | None) -> ReceiptFile:
    return await _gather(lambda after: sdk.data.receipts(instance_id=instance, after=after, limit=PAGE))


async def _gather(read: Callable[[int], Awaitable[ReceiptPage]]) -> ReceiptFile:
    page = await read(0)
    found = [*page.data]
    while page.after is not None:
        page = await read(page.after)
        found += page.data
    return ReceiptFile(key=page.key, receipts=tuple(found))


def _show(found: ReceiptFile, *, as_json: bool) -> None:
    if as_json:
        emit_json(found)
        return
    emit_table(
        ("number", "ended", "what", "rows", "left", "receipt"),
        (
            (
                one.sequence,
                one.ended_at,
                one.action,
                sum(one.removed.values()),
                sum(one.remaining.values()),
                one.receipt_id,
            )
            for one in found.receipts
        ),
    )
    emit_lines([f"public key: {found.key}"])
