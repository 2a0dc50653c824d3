"""Carries vectors between numpy and pgvector's `halfvec`, in binary where the driver may choose.

Wire form (pgvector, `halfvec_send`): dimensions as int16, an unused int16, then the elements as big-endian float16.
"""

from __future__ import annotations

import struct

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import adapt, pq
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap
from psycopg.types import TypeInfo

from synap.errors import SetupError

_HEADER = struct.Struct(">hh")


class _HalfvecDumper(adapt.Dumper):
    """Writes a one-dimensional array as a `halfvec`."""

    format = pq.Format.BINARY

    def dump(self, obj: NDArray[np.floating]) -> bytes:
        if obj.ndim != 1:
            raise psycopg.DataError(f"a vector must have one dimension, not {obj.ndim}")
        return _HEADER.pack(obj.shape[0], 0) + obj.astype(">f2").tobytes()


class _HalfvecTextDumper(adapt.Dumper):
    """Writes a one-dimensional array in the text form `[1,2,3]`, as COPY in text form wants it."""

    def dump(self, obj: NDArray[np.floating]) -> bytes:
        return f"[{','.join(map(repr, obj.astype(np.float16).astype(float).tolist()))}]".encode()


class _HalfvecBinaryLoader(adapt.Loader):
    """Reads a `halfvec` as float32."""

    format = pq.Format.BINARY

    def load(self, data: Buffer) -> NDArray[np.float32]:
        return np.frombuffer(data, dtype=">f2", offset=_HEADER.size).astype(np.float32)


class _HalfvecLoader(adapt.Loader):
    """Reads the text form of a `halfvec` as float32."""

    def load(self, data: Buffer) -> NDArray[np.float32]:
        return np.array(bytes(data).decode()[1:-1].split(","), dtype=np.float32)


async def vector_adapters(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> AdaptersMap:
    """Return adapters that know `halfvec` as the database of `connection` numbers it.

    A numpy array of one dimension is sent as a `halfvec`, a list of them as `halfvec[]`; both come back as float32.

    Raises:
        SetupError: The database has no pgvector.
    """
    found = await TypeInfo.fetch(connection, "halfvec")
    if found is None:
        raise SetupError("the database has no pgvector: run `synap migrate`")
    adapters = AdaptersMap(psycopg.adapters)
    found.register(adapters)
    for dumper in (_HalfvecTextDumper, _HalfvecDumper):
        adapters.register_dumper(np.ndarray, type(dumper.__name__, (dumper,), {"oid": found.oid}))
    adapters.register_loader(found.oid, _HalfvecLoader)
    adapters.register_loader(found.oid, _HalfvecBinaryLoader)
    return adapters
