"""The installation's signature: Ed25519, so that whoever has the public key can check it, and only the key's holder sign.

Digests of whom a receipt is about are made with the same secret: an id is easily guessed, a plain hash of it too.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with the installation's secret."""

    secret: bytes

    @property
    def key(self) -> str:
        """The public key, hex."""
        return self._private.public_key().public_bytes_raw().hex()

    def sign(self, text: str) -> str:
        """Return the signature of a text, hex."""
        return self._private.sign(text.encode()).hex()

    def digest(self, *parts: str) -> str:
        """Return a digest of parts that nobody can make without the secret, hex; no two lists of parts share one."""
        own = hashlib.blake2b(self.secret, digest_size=32, person=b"synap-subject").digest()
        told = b"".join(len(raw).to_bytes(4, "big") + raw for part in parts for raw in (part.encode(),))
        return hmac.new(own, told, hashlib.sha256).hexdigest()

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.secret)


def new_secret() -> bytes:
    """Return a fresh secret."""
    return secrets.token_bytes(SECRET_BYTES)


def signed(key: str, text: str, signature: str) -> bool:
    """Return whether a signature of a text was made with the secret behind a public key; all hex."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True
