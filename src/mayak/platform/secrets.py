"""Secrets at rest: what is sealed here can be read with the key of the installation alone."""

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from mayak.errors import Misconfigured

SETTING = "MAYAK_SECRET_KEY"


class Vault:
    """Seals and opens secrets. The first key seals; all of them open, so that a key can be changed.

    Raises Misconfigured for a key that is none.
    """

    def __init__(self, keys: list[str]) -> None:
        if not keys:
            raise Misconfigured(SETTING, "is empty; make one with `mayak config secret-key`")
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except (ValueError, TypeError):
            reason = "is no key: 32 bytes in URL-safe base64, as `mayak config secret-key` prints"
            raise Misconfigured(SETTING, reason) from None

    def seal(self, secret: str) -> bytes:
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """The secret. Raises Misconfigured when it was sealed with a key that is not ours."""
        try:
            return self._fernet.decrypt(bytes(sealed)).decode()
        except InvalidToken:
            reason = "does not open a stored credential; set the key that it was stored with, "
            raise Misconfigured(SETTING, reason + "or store the credential again") from None


def new_key() -> str:
    """A fresh key."""
    return Fernet.generate_key().decode()


def key_of(folder: Path) -> str:
    """The key kept in this folder, made when there is none; only its owner may read it."""
    file = folder / "secret.key"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        # O_EXCL: of two processes that start together one makes the key and both use it.
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _kept(file)
    with os.fdopen(opened, "w", encoding="ascii") as out:
        out.write(new_key())
    return _kept(file)


def _kept(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(SETTING, f"is not set, and {file} cannot be read") from error
