"""The key of the remote service: where it is looked for, and why it can be seen nowhere.

The environment goes first, then what was entered since the program was started, then the system's keyring.
"""

from __future__ import annotations

import os
from configparser import Error as ConfigurationError
from enum import Enum
from typing import TYPE_CHECKING, NoReturn

from inference.errors import EngineError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

VARIABLE = "FOCOOS_API_KEY"
SERVICE, USER = "ade-mask-studio", "focoos"  # under these names it lies in the keyring
LONGEST = 1024  # characters; real ones have some forty


class RemoteError(EngineError):
    """A remote service that cannot be asked, or that gave no usable answer."""


class KeyPlace(Enum):
    """Where a key was found."""

    ENVIRONMENT = "environment"
    SESSION = "session"
    KEYRING = "keyring"


class Key:
    """A secret that shows itself only to `reveal`: not in a repr, a log, a settings file or a pickle."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Raises `RemoteError` for what can be no key; the sentence does not tell what was entered."""
        text = text.strip()
        # A header may hold nothing else, and the libraries that refuse it say what it was.
        if not text or len(text) > LONGEST or not all("!" <= char <= "~" for char in text):
            raise RemoteError("This is no key: a key is one word of letters, digits and signs.")
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Key(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("A key is not written down.")


class _Session:
    """What was entered since the program was started, where it could be kept nowhere else."""

    key: Key | None = None


def keep_for_session(key: Key | None) -> None:
    """Use this key until the program ends; None forgets it."""
    _Session.key = key


def remote_key() -> tuple[Key, KeyPlace] | None:
    """The key and where it was found; None where there is none. Asking the system's keyring may take a while.

    Raises `RemoteError` where what was found can be no key.
    """
    if text := os.environ.get(VARIABLE, "").strip():
        return Key(text), KeyPlace.ENVIRONMENT
    if _Session.key is not None:
        return _Session.key, KeyPlace.SESSION
    kept = _kept()
    return None if kept is None else (Key(kept), KeyPlace.KEYRING)


def system_keyring() -> KeyringBackend | None:
    """The system's keyring; None where there is none, or one that writes secrets down as they are, or where the one
    that somebody has chosen (`PYTHON_KEYRING_BACKEND`, `keyringrc.cfg`) cannot be loaded."""
    import keyring
    import keyring.core

    try:
        chosen = keyring.get_keyring()
    except (ImportError, AttributeError, TypeError, ValueError, RuntimeError, OSError, ConfigurationError):
        return None
    return chosen if keyring.core.recommended(chosen) else None


def _kept() -> str | None:
    from keyring.errors import KeyringError

    if (backend := system_keyring()) is None:
        return None
    try:
        return backend.get_password(SERVICE, USER) or None
    except (KeyringError, OSError):
        return None  # locked, or its service does not run: as good as none
