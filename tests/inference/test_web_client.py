"""Proxies and certificates that the environment names: used, or what is wrong with them is one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference.downloads import DownloadError, UnreachableError, download
from inference.remote import load_remote
from inference.remote_card import ADDRESS_VARIABLE
from inference.remote_client import Patience
from inference.remote_key import Key, RemoteError
from tests.inference.fetching import HURRIED
from tests.inference.remote_server import SECRET, Service, seen, service
from tests.inference.serving import serving

__all__ = ["service"]  # a fixture

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
NOWHERE = "https://example.invalid"
PHOTO = np.full((40, 60, 3), 220, np.uint8)


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def fetching(folder: Path) -> str:
    with pytest.raises(DownloadError) as caught:
        download(f"{NOWHERE}/weights.bin", folder / "weights.bin", patience=HURRIED)
    return str(caught.value)


def asking(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(ADDRESS_VARIABLE, f"{NOWHERE}/v0")
    with pytest.raises(RemoteError) as caught:
        load_remote("fai-bf-m-ade", key=Key(SECRET), patience=Patience(attempts=1)).predict(PHOTO)
    return str(caught.value)


@pytest.mark.parametrize("proxy", ["nonsense://me:word@host:1", "http://me:word@host:port"])
def test_a_proxy_that_is_none_is_told_and_not_shown(
    proxy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    for said in (fetching(tmp_path), asking(monkeypatch)):
        assert said.startswith("The proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names cannot be used: ")
        assert "word" not in said


def test_a_socks_proxy_is_spoken_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")  # nobody listens there
    with pytest.raises(UnreachableError, match="cannot be reached"):
        download(f"{NOWHERE}/weights.bin", tmp_path / "weights.bin", patience=HURRIED)
    assert "cannot be reached" in asking(monkeypatch)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read_are_told(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        (tmp_path / "own.pem").write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    for said in (fetching(tmp_path), asking(monkeypatch)):
        assert said.startswith("The certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be used: ")


def test_the_proxy_is_asked_for_a_way_to_the_service_and_told_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Service([seen])) as proxy:  # which knows no CONNECT
        monkeypatch.setenv("HTTPS_PROXY", proxy.address)
        assert asking(monkeypatch).startswith("The proxy on the way to example.invalid refused: 501")
        assert proxy.received == []


def test_what_is_for_this_machine_goes_past_the_proxy(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Service([seen])) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.address)
        monkeypatch.setenv("NO_PROXY", "")
        load_remote("fai-bf-m-ade", key=Key(SECRET)).predict(PHOTO)
        assert proxy.received == []
    assert len(service.received) == 1
