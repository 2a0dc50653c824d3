"""A certificate and its key, for both doors."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from synap.errors import InvalidInputError, SetupError


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """A certificate chain and its private key, as PEM files and as what they hold."""

    certificate_file: Path
    key_file: Path
    certificate: bytes
    key: bytes = field(repr=False)


def read_tls(certificate: Path | None, key: Path | None) -> Tls | None:
    """Return what two PEM files hold; None where none is given.

    Raises:
        InvalidInputError: One is given without the other.
        SetupError: One cannot be read, the two do not belong together, or the key asks for a password.
    """
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        missing = "tls_cert" if certificate is None else "tls_key"
        raise InvalidInputError("--tls-cert and --tls-key are given together: one is missing", field=missing)
    pem = {name: _read(path, option=name) for name, path in (("--tls-cert", certificate), ("--tls-key", key))}
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, ValueError) as error:
        raise SetupError(
            f"--tls-cert {certificate} and --tls-key {key} must be a PEM certificate and its key without password: {error}",
            field="tls_cert",
        ) from error
    return Tls(certificate_file=certificate, key_file=key, certificate=pem["--tls-cert"], key=pem["--tls-key"])


def _read(path: Path, *, option: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        field = option.removeprefix("--").replace("-", "_")
        raise SetupError(f"{option} {path} cannot be read: {error.strerror or error}", field=field) from error
