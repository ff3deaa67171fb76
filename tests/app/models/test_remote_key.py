"""A key that was entered: kept by the system's keyring where there is one, else by nobody, and that is said."""

from __future__ import annotations

import keyring
import keyring.core
import pytest

from app.diagnosis import keyring_line
from app.models.remote_key import KeyTold, forget_key, keep_key, place_of_key
from inference.remote_key import SERVICE, USER, VARIABLE, Key, KeyPlace, RemoteError, remote_key, system_keyring
from tests.inference.keyrings import FakeKeyring, ForgetfulKeyring, LockedKeyring, PlainKeyring, use_keyring

__all__ = ["use_keyring"]  # a fixture

SECRET = "0123-the-secret-4567"


@pytest.fixture(autouse=True)
def _no_key_in_the_environment(use_keyring: FakeKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def test_the_keyring_keeps_it_and_nobody_else(use_keyring: FakeKeyring) -> None:
    assert keep_key(f" {SECRET}\n") == KeyTold("The key is kept in the system's keyring.")
    assert use_keyring.kept == {(SERVICE, USER): SECRET}
    assert remote_key() == (Key(SECRET), KeyPlace.KEYRING)
    assert forget_key() == KeyTold("There is no key yet.", found=False)
    assert use_keyring.kept == {}
    assert remote_key() is None
    assert forget_key() == KeyTold("There is no key yet.", found=False)


@pytest.mark.parametrize("kind", [PlainKeyring, LockedKeyring, ForgetfulKeyring])
def test_without_a_keyring_it_is_kept_until_the_end_and_that_is_said(kind: type[FakeKeyring]) -> None:
    useless = kind()
    keyring.set_keyring(useless)
    said = keep_key(SECRET)
    assert said.place == "This system has no keyring that can be used: the key is kept until the program is closed."
    assert useless.kept == {}
    assert remote_key() == (Key(SECRET), KeyPlace.SESSION)
    assert forget_key() == KeyTold("There is no key yet.", found=False)


def test_a_key_in_the_keyring_takes_the_place_of_one_for_the_session(use_keyring: FakeKeyring) -> None:
    keyring.set_keyring(LockedKeyring())
    keep_key("first")
    keyring.set_keyring(use_keyring)
    keep_key("second")
    assert remote_key() == (Key("second"), KeyPlace.KEYRING)


def test_that_of_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    assert place_of_key() == KeyTold(f"The key in the environment ({VARIABLE}) is used.")
    monkeypatch.setenv(VARIABLE, "no key")
    told = place_of_key()
    assert told.place.startswith("This is no key")
    assert told.found


def test_what_can_be_no_key_changes_nothing(use_keyring: FakeKeyring) -> None:
    keep_key(SECRET)
    with pytest.raises(RemoteError, match="This is no key"):
        keep_key("two words")
    assert remote_key() == (Key(SECRET), KeyPlace.KEYRING)


@pytest.mark.parametrize("chosen", ["gone.Keyring", "json.Keyring", "json"])
def test_a_keyring_that_was_chosen_and_cannot_be_loaded_is_as_good_as_none(
    use_keyring: FakeKeyring, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)  # as before it was first asked
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", chosen)
    assert system_keyring() is None
    assert remote_key() is None
    assert keep_key("entered") == place_of_key()
    assert remote_key() == (Key("entered"), KeyPlace.SESSION)
    assert forget_key() == KeyTold("There is no key yet.", found=False)
    assert keyring_line().startswith("There is none on this system")
