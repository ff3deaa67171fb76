"""Where the key of the remote service is looked for. The keyring of the tests is their own."""

from __future__ import annotations

import keyring
import keyring.backend
import keyring.errors
import pytest

from inference.remote_key import (
    SERVICE,
    USER,
    VARIABLE,
    Key,
    KeyPlace,
    RemoteError,
    keep_for_session,
    remote_key,
)
from tests.inference.keyrings import FakeKeyring, LockedKeyring, PlainKeyring, use_keyring

__all__ = ["use_keyring"]  # a fixture


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def test_there_is_none_at_first(use_keyring: FakeKeyring) -> None:
    assert remote_key() is None


def test_the_environment_goes_before_what_was_entered_and_that_before_the_keyring(
    use_keyring: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring.set_password(SERVICE, USER, "kept")
    assert remote_key() == (Key("kept"), KeyPlace.KEYRING)
    keep_for_session(Key("entered"))
    assert remote_key() == (Key("entered"), KeyPlace.SESSION)
    monkeypatch.setenv(VARIABLE, " set \n")
    assert remote_key() == (Key("set"), KeyPlace.ENVIRONMENT)
    monkeypatch.setenv(VARIABLE, "")
    keep_for_session(None)
    assert remote_key() == (Key("kept"), KeyPlace.KEYRING)


def test_a_keyring_that_is_locked_is_as_good_as_none(use_keyring: FakeKeyring) -> None:
    keyring.set_keyring(LockedKeyring())
    assert remote_key() is None


def test_a_keyring_that_writes_secrets_down_is_not_asked(use_keyring: FakeKeyring) -> None:
    plain = PlainKeyring()
    plain.set_password(SERVICE, USER, "readable by everybody")
    keyring.set_keyring(plain)
    assert remote_key() is None


def test_what_is_kept_and_can_be_no_key_is_refused(use_keyring: FakeKeyring) -> None:
    keyring.set_password(SERVICE, USER, "not a key")
    with pytest.raises(RemoteError, match="This is no key"):
        remote_key()
