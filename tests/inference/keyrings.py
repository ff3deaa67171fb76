"""Keyrings of tests: the user's own is never asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import keyring
import keyring.backend
import keyring.errors
import pytest

from inference.remote_key import keep_for_session


class FakeKeyring(keyring.backend.KeyringBackend):
    """Keeps what it is given as long as the test lasts."""

    priority: ClassVar[float] = 5  # type: ignore[assignment]

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise keyring.errors.PasswordDeleteError("There is none.")
        del self.kept[service, username]


class PlainKeyring(FakeKeyring):
    """One that the library itself does not recommend."""

    priority: ClassVar[float] = 0.5  # type: ignore[assignment]


class LockedKeyring(FakeKeyring):
    """One whose owner does not open it."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("Nobody opened it.")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.KeyringLocked("Nobody opened it.")


class ForgetfulKeyring(FakeKeyring):
    """One that takes a secret without a word and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


@pytest.fixture
def use_keyring() -> Iterator[FakeKeyring]:
    """A keyring of the test's own, in the place of the user's."""
    before, fake = keyring.get_keyring(), FakeKeyring()
    keyring.set_keyring(fake)
    yield fake
    keyring.set_keyring(before)
    keep_for_session(None)
