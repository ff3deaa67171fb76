"""What servers answer instead of the file, and what a disk says: one sentence each, and nothing in the file's place."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from inference import download_job
from inference.download_errors import Again, check_status, failure
from inference.downloads import DownloadError, Patience, UnreachableError, download
from tests.inference.fetching import CONTENT, HURRIED, SHA256, fetch, left_behind, pauses, refusal, target, web
from tests.inference.web import Web, cut_off, status, whole

__all__ = ["target", "web"]  # fixtures


def test_redirects_without_an_end_are_told(web: Web, target: Path) -> None:
    web.answers = [status(302, Location="/model/weights.bin")]
    assert "without an end" in refusal(web, target)


def test_a_server_with_trouble_is_asked_again(web: Web, target: Path) -> None:
    web.answers = [status(500), status(503), whole]
    assert fetch(web, target) == SHA256
    assert len(web.requests) == 3


def test_a_server_that_stays_in_trouble_is_told(web: Web, target: Path) -> None:
    web.answers = [status(502)]
    assert refusal(web, target) == "127.0.0.1 has trouble of its own (HTTP 502); try again later."
    assert len(web.requests) == HURRIED.attempts


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (404, "There is no file at http://127.0.0.1:PORT/model/weights.bin (HTTP 404)."),
        (410, "There is no file at http://127.0.0.1:PORT/model/weights.bin (HTTP 410)."),
        (401, "127.0.0.1 does not give the file to everybody (HTTP 401)."),
        (403, "127.0.0.1 does not give the file to everybody (HTTP 403)."),
        (407, "The proxy on the way wants a name and a password (HTTP 407)."),
        (418, "127.0.0.1 answered with HTTP 418 instead of the file."),
        (204, "127.0.0.1 answered with HTTP 204 instead of the file."),
    ],
)
def test_a_refusal_is_told_at_once(web: Web, target: Path, code: int, sentence: str) -> None:
    web.answers = [status(code)]
    port = web.address.rpartition(":")[2]
    assert refusal(web, target) == sentence.replace("PORT", port)
    assert len(web.requests) == 1


def test_a_name_and_a_password_in_an_address_are_not_told(web: Web, target: Path) -> None:
    web.answers = [status(404)]
    address = web.url("/x?token=secret").replace("http://", "http://me:secret@")
    with pytest.raises(DownloadError) as caught:
        download(address, target, patience=HURRIED)
    assert "secret" not in str(caught.value)
    assert str(caught.value).startswith("There is no file at http://127.0.0.1:")


def test_a_pause_that_a_server_asks_for_is_made(web: Web, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = pauses(monkeypatch)
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    nonsense = status(503, Retry_After="soon")
    web.answers = [status(429, Retry_After="7"), status(503, Retry_After=later), nonsense, whole]
    assert fetch(web, target, patience=Patience(pause=0.5)) == SHA256
    assert made[0] == 7
    assert 50 < made[1] <= 60
    assert 1.5 <= made[2] <= 2.5  # the third one of its own: four times the first, a quarter more or less


def test_a_pause_that_is_too_long_is_told(web: Web, target: Path) -> None:
    web.answers = [status(429, Retry_After="3600")]
    assert refusal(web, target) == "127.0.0.1 asks to wait 60 minutes before the next attempt (HTTP 429)."


def test_pauses_grow_up_to_a_limit(web: Web, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = pauses(monkeypatch)
    web.answers = [status(500)]
    refusal(web, target, patience=Patience(attempts=6, pause=1, longest_pause=3))
    for pause, about in zip(made, [1, 2, 3, 3, 3], strict=True):
        assert 0.75 * about <= pause <= 1.25 * about


@pytest.mark.parametrize(
    "asked", ["9" * 400, "9" * 5000, f"Wed, 21 Oct {'9' * 20} 07:28:00 GMT", f"Wed, 21 Oct 2015 07:28:00 +{'9' * 20}"]
)
def test_a_pause_that_nobody_can_mean_is_told_or_overlooked(asked: str) -> None:
    answer = httpx.Response(503, headers={"Retry-After": asked}, request=httpx.Request("GET", "https://example.org/x"))
    with pytest.raises((DownloadError, Again), match=r"asks to wait 277,778 hours|has trouble of its own"):
        check_status(answer, longest_wait=1)


def test_asked_too_often_to_the_end(web: Web, target: Path) -> None:
    web.answers = [status(429)]
    assert refusal(web, target) == "127.0.0.1 is asked too often at the moment; try again later."


PAGE = b"\n <!DOCTYPE html><html><body>Please sign in</body></html>"


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_web_page_is_no_file(web: Web, target: Path, kind: str) -> None:
    web.answers = [status(200, PAGE, Content_Type=kind)]
    said = refusal(web, target)
    assert "127.0.0.1 sent" in said
    assert "a web page, not" in said
    assert ".part" not in said  # a name of ours, which means nothing to anybody
    assert left_behind(target) == set()
    assert len(web.requests) == 1


def test_an_empty_answer_is_no_file(web: Web, target: Path) -> None:
    web.answers = [status(200)]
    assert "empty" in refusal(web, target)


def test_a_packed_answer_is_refused(web: Web, target: Path) -> None:
    web.answers = [status(200, b"xyz", Content_Encoding="gzip")]
    assert "packed (gzip)" in refusal(web, target)


def test_a_file_that_is_too_large_is_not_begun(web: Web, target: Path) -> None:
    told: list[object] = []
    said = refusal(web, target, largest=299_999, progress=told.append)
    assert said == "The file on 127.0.0.1 is larger than 300.0 kB."
    assert told == []
    assert left_behind(target) == set()


def test_a_file_that_turns_out_too_large_is_not_kept(web: Web, target: Path) -> None:
    web.answers = [status(200, CONTENT, Content_Length=None)]
    assert "larger than 200.0 kB" in refusal(web, target, largest=200_000)
    assert left_behind(target) == set()


def test_another_hash_than_the_one_that_is_known(web: Web, target: Path) -> None:
    assert "its hash differs" in refusal(web, target, sha256="0" * 64)
    assert left_behind(target) == set()


def test_a_failure_leaves_the_earlier_file(web: Web, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"earlier")
    with pytest.raises(DownloadError):
        fetch(web, target, sha256="0" * 64)
    assert target.read_bytes() == b"earlier"


def test_too_little_room_is_told_before_it_is_used_up(web: Web, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_job.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    said = refusal(web, target)
    assert said == f"There is no room for 300.0 kB in {target.parent}: 1.0 kB are free."


def test_room_is_needed_only_for_what_is_missing(web: Web, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_job.shutil, "disk_usage", lambda _: SimpleNamespace(free=len(CONTENT)))
    web.answers = [cut_off(200_000), cut_off(0)]
    refusal(web, target)
    monkeypatch.setattr(download_job.shutil, "disk_usage", lambda _: SimpleNamespace(free=100_000))
    web.answers = [whole]
    assert fetch(web, target) == SHA256


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_is_full(web: Web, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_job.PartFile, "open", lambda _: Path("/dev/full").open("ab"))  # noqa: SIM115
    said = refusal(web, target)
    assert said == f"The disk of {target.parent} is full; what is already there stays and is gone on with."


def test_a_disk_that_says_late_that_it_is_full(web: Web, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(download_job.os, "fsync", full)
    assert "is full" in refusal(web, target)
    monkeypatch.undo()
    assert fetch(web, target) == SHA256


def test_a_folder_that_cannot_be_made(web: Web, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(DownloadError, match="store cannot be written to: "):
        fetch(web, tmp_path / "store" / "weights.bin")


def test_nobody_there_is_told_soon(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = pauses(monkeypatch)
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1 cannot be reached \(.+\): is there a network\?"):
        download("http://127.0.0.1:1/x", target)
    assert len(made) == 1


def test_a_name_that_nobody_knows_is_no_network() -> None:
    error = httpx.ConnectError("[Errno -2] Name or service not known")
    error.__cause__ = socket.gaierror(-2, "Name or service not known")
    said = failure(error, host="example.org")
    assert isinstance(said, Again)
    assert isinstance(said.final, UnreachableError)
    assert str(said) == "example.org cannot be reached (Name or service not known): is there a network?"


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/x", "weights.bin", "", "http://", "http://a:b/x"])
def test_what_is_no_address_is_told(target: Path, address: str) -> None:
    with pytest.raises(DownloadError, match=r"https or http only|no address"):
        download(address, target, patience=HURRIED)


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 70}.com", ".b"])
def test_a_host_that_cannot_be_is_no_address(web: Web, target: Path, host: str) -> None:
    with pytest.raises(DownloadError, match="is no address of a file"):
        download(f"http://{host}/x", target, patience=HURRIED)
    web.answers = [status(302, Location=f"http://{host}/x")]
    assert "leads to one that is none" in refusal(web, target)


def test_a_server_that_does_not_encrypt_is_not_spoken_to(web: Web, target: Path) -> None:
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 does not speak https as it should \(.+\)\."):
        download(web.url().replace("http:", "https:"), target, patience=HURRIED)


def test_a_certificate_that_nobody_knows_is_told_with_the_way_around() -> None:
    error = httpx.ConnectError("handshake")
    error.__cause__ = ssl.SSLCertVerificationError(1, "unable to get local issuer certificate")
    said = failure(error, host="example.org")
    assert isinstance(said, DownloadError)
    assert "cannot prove that it is example.org (unable to get local issuer certificate)" in str(said)
    assert "SSL_CERT_FILE" in str(said)


def test_a_proxy_that_refuses_is_told() -> None:
    said = failure(httpx.ProxyError("403 Forbidden"), host="example.org")
    assert str(said) == "The proxy on the way to example.org refused: 403 Forbidden."


def test_a_redirect_that_gives_up_encryption_is_not_followed() -> None:
    sent_on = httpx.Response(302, request=httpx.Request("GET", "https://example.org/x"))
    answer = httpx.Response(200, request=httpx.Request("GET", "http://elsewhere.org/x"), history=[sent_on])
    with pytest.raises(DownloadError, match=r"example\.org sends on to an address that is not encrypted"):
        check_status(answer, longest_wait=1)
    answer = httpx.Response(200, request=httpx.Request("GET", "https://elsewhere.org/x"), history=[sent_on])
    check_status(answer, longest_wait=1)
