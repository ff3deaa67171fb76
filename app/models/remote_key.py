"""The key of the remote engine, entered by hand: kept by the system's keyring, or by nobody.

It is never part of settings, projects or logs. All of this may wait for the system, which may ask for a password.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from keyring.errors import KeyringError

from inference.remote_key import (
    SERVICE,
    USER,
    VARIABLE,
    Key,
    KeyPlace,
    RemoteError,
    keep_for_session,
    remote_key,
    system_keyring,
)


@dataclass(frozen=True)
class KeyTold:
    """What may be told of the key."""

    place: str  # where it is, a sentence
    found: bool = True  # also what turns out to be no key: it can be forgotten


def keep_key(text: str) -> KeyTold:
    """Use this key from now on, and keep it where the system keeps secrets.

    Raises `RemoteError` for what can be no key.
    """
    key = Key(text)
    keep_for_session(None if _kept(key) else key)
    return place_of_key()


def forget_key() -> KeyTold:
    """Keep no key any more; what is left is told."""
    keep_for_session(None)
    if (backend := system_keyring()) is not None:
        with contextlib.suppress(KeyringError, OSError):
            backend.delete_password(SERVICE, USER)
    return place_of_key()


def place_of_key() -> KeyTold:
    """Which key is used."""
    try:
        found = remote_key()
    except RemoteError as error:
        return KeyTold(str(error))
    match None if found is None else found[1]:
        case KeyPlace.ENVIRONMENT:
            return KeyTold(f"The key in the environment ({VARIABLE}) is used.")
        case KeyPlace.KEYRING:
            return KeyTold("The key is kept in the system's keyring.")
        case KeyPlace.SESSION:
            return KeyTold("This system has no keyring that can be used: the key is kept until the program is closed.")
        case None:
            return KeyTold("There is no key yet.", found=False)


def _kept(key: Key) -> bool:
    """Whether the system keeps the key: some keyrings take a secret and keep nothing, so it is asked for again."""
    if (backend := system_keyring()) is None:
        return False
    try:
        backend.set_password(SERVICE, USER, key.reveal())
        return backend.get_password(SERVICE, USER) == key.reveal()
    except (KeyringError, OSError):
        return False
