"""Imports of exports: the file is checked whole before anything is changed, then put in owner by owner.

The row ids of an import follow from the file and the instance it goes into: run again after it was cut short, it finds the
owners that are in already, and goes on with the rest.
"""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

from synap.api.transfers import Header, ImportReport, Owner
from synap.domain.scopes import Ids, Scope, decide_scope
from synap.engine.callers import Caller, Instance
from synap.engine.core import Core
from synap.engine.export_files import Checked, Read, check, sections
from synap.engine.receipts import signer_of
from synap.engine.spaces import embed_all
from synap.errors import ConflictError, InvalidInputError
from synap.store.portable import inside
from synap.store.transfers import Section


async def import_export(
    core: Core,
    caller: Caller,
    instance: Instance,
    path: Path,
    *,
    customer_id: str | None = None,
    user_id: str | None = None,
    public_key: str | None = None,
) -> ImportReport:
    """Put an export into an instance. The customers and users in it must not be known there yet.

    Args:
        core: The parts.
        caller: Who asks, for the audit trail.
        instance: Where to.
        path: The file.
        customer_id: Another customer for the user of an export of a user.
        user_id: Another id for that user.
        public_key: The key that the file must be signed with; any where not given.

    Raises:
        InvalidInputError: The file is none, of another version, cut short, changed, or signed with another key.
        ConflictError: One of its customers or users is known already.
    """
    checked = await asyncio.to_thread(check, path, public_key)
    signer = await signer_of(core)
    renamed = _renamed(checked.header, Ids.checked(customer_id=customer_id, user_id=user_id))
    scopes = {owner.owner: _scope(instance, owner, renamed) for owner in checked.owners}
    base = _base(checked, instance.id, renamed)
    low, high = base + 1, base + max(checked.last, 1)
    states = {number: await core.store.transfers.state(scope, low=low, high=high) for number, scope in scopes.items()}
    taken = [scope for number, scope in scopes.items() if states[number] == "taken"]
    if taken:
        raise ConflictError(
            f"{len(taken)} of the {len(scopes)} customers and users in the file have memories here already: "
            "import into an instance where they are unknown, or delete them first"
        )
    rows = 0
    for section in sections(path):
        if states[section.owner.owner] == "empty":
            scope = scopes[section.owner.owner]
            inserted = await asyncio.to_thread(_section_of, section, base, low, high)
            rows += await core.store.transfers.write(scope, inserted, instance_id=instance.id, now=core.clock.now())
    if checked.configuration is not None and await core.store.accounts.configuration(instance.id) is None:
        await core.store.accounts.configure(
            instance.id, checked.configuration, actor=caller.actor, now=core.clock.now()
        )
    embedded = 0
    for scope in scopes.values():
        embedded += await _embed(core, scope)
    core.cache.forget(instance_id=instance.id)
    core.wake()
    await core.record(caller, "data.import", count=rows, instance_id=instance.id)
    return ImportReport(
        instance_id=instance.id,
        owners=len(scopes),
        already=sum(state == "done" for state in states.values()),
        rows=rows,
        embedded=embedded,
        signed_by=checked.header.key,
        own=checked.header.key == signer.key,
    )


async def _embed(core: Core, scope: Scope) -> int:
    """Give what has no vector one; returns how many it gave."""
    space = await core.spaces.live()
    return await embed_all(core.store.embeddings, scope, space.embedder, slot=space.slot)


def _renamed(header: Header, ids: Ids) -> Ids | None:
    if ids.empty:
        return None
    if header.scope != "user" or ids.user_id is None:
        raise InvalidInputError(
            "other ids can be given to the export of one user alone, user_id among them", field="user_id"
        )
    return ids


def _scope(instance: Instance, owner: Owner, renamed: Ids | None) -> Scope:
    return decide_scope(instance.place, renamed or Ids.checked(customer_id=owner.customer_id, user_id=owner.user_id))


def _base(checked: Checked, instance_id: str, renamed: Ids | None) -> int:
    """Return what the numbers of a file count from: about the time of its making, scattered by file and instance."""
    told = f"{instance_id}/{renamed}/{checked.end.sha256 if checked.end else ''}"
    scatter = int.from_bytes(hashlib.blake2b(told.encode(), digest_size=8, person=b"synap-import").digest(), "big")
    seconds = checked.header.made_at.timestamp() - 1704067200  # as `synap.domain.ids` counts: from 2024 on
    milliseconds = max(0, int(seconds * 1000) - scatter % 2**20)
    return ((milliseconds << 22) | ((scatter >> 20) % 2**21)) & (2**62 - 1)


def _section_of(section: Read, base: int, low: int, high: int) -> Section:
    rows = {name: [inside(record, base=base) for record in records] for name, records in section.rows.items()}
    return Section(rows=rows, low=low, high=high)
