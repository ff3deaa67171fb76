"""Downloads from a server on this machine that truncates, stalls, redirects, lies, and changes its mind."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from inference import download_job
from inference.download_errors import check_status, failure
from inference.downloads import DownloadError, Patience, Progress, UnreachableError, download, size_text
from inference.errors import Cancelled
from tests.inference.web import Web, cut_off, ranged, send, serving, silence, status, whole

CONTENT = random.Random(0).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HURRIED = Patience(connect=5, silence=0.2, attempts=3, attempts_unheard=2, pause=0.001, longest_pause=0.01)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("NO_PROXY", "*")
    with serving(Web(CONTENT)) as web:
        yield web


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "store" / "weights.bin"


def fetch(web: Web, target: Path, **more: object) -> str:
    return download(web.url(), target, **{"patience": HURRIED, **more})


def refusal(web: Web, target: Path, **more: object) -> str:
    """What is said; nothing is in the file's place then."""
    with pytest.raises(DownloadError) as caught:
        fetch(web, target, **more)
    assert not target.exists()
    return str(caught.value)


def left_behind(target: Path) -> set[str]:
    return {path.name for path in target.parent.iterdir()}


def test_a_file_arrives_whole_and_leaves_nothing_beside_it(web: Web, target: Path) -> None:
    assert fetch(web, target, sha256=SHA256.upper()) == SHA256
    assert target.read_bytes() == CONTENT
    assert left_behind(target) == {"weights.bin"}
    assert web.requests[0]["Accept-Encoding"] == "identity"
    assert "Range" not in web.requests[0]


def test_progress_counts_up_to_the_size(web: Web, target: Path) -> None:
    told: list[Progress] = []
    fetch(web, target, progress=told.append)
    assert (told[0].done, told[0].total) == (0, len(CONTENT))
    assert (told[-1].done, told[-1].total) == (len(CONTENT), len(CONTENT))
    assert told[-1].rate > 0


def test_a_line_that_breaks_off_is_gone_on_with(web: Web, target: Path) -> None:
    web.answers = [cut_off(100_000), cut_off(50_000), whole]
    assert fetch(web, target) == SHA256
    assert [request["Range"] for request in web.requests] == [None, "bytes=100000-", "bytes=150000-"]
    assert web.requests[1]["If-Range"] == '"one"'


def test_a_line_that_falls_silent_is_gone_on_with(web: Web, target: Path) -> None:
    web.answers = [cut_off(100_000, then=silence), silence, whole]
    assert fetch(web, target) == SHA256
    assert [request["Range"] for request in web.requests] == [None, "bytes=100000-", "bytes=100000-"]


def test_a_server_that_gets_no_further_is_given_up_and_what_came_is_kept(web: Web, target: Path) -> None:
    web.answers = [cut_off(100_000), cut_off(0)]
    assert "broke off" in refusal(web, target)
    assert len(web.requests) == 1 + HURRIED.attempts
    assert left_behind(target) == {"weights.bin.part", "weights.bin.part.json"}
    web.answers = [whole]
    assert fetch(web, target) == SHA256
    assert web.requests[-1]["Range"] == "bytes=100000-"


def test_as_long_as_it_gets_further_it_is_not_given_up(web: Web, target: Path) -> None:
    web.answers = [cut_off(60_000)]
    assert fetch(web, target) == SHA256
    assert len(web.requests) == 5 > HURRIED.attempts


def test_a_server_without_ranges_that_always_breaks_off_is_given_up(web: Web, target: Path) -> None:
    def truncated(web: Web, handler: object) -> None:
        send(handler, 200, web.content[:90_000], Content_Length=str(len(web.content)), ETag=web.etag)

    web.answers = [truncated]
    assert "broke off" in refusal(web, target)
    assert len(web.requests) == 1 + HURRIED.attempts


def test_silence_to_the_end_is_told(web: Web, target: Path) -> None:
    web.answers = [silence]
    assert refusal(web, target, patience=Patience(silence=0.05, attempts=1, attempts_unheard=1)).startswith(
        "127.0.0.1 fell silent"
    )


def test_a_redirect_is_followed(web: Web, target: Path) -> None:
    web.answers = [status(302, Location="/elsewhere"), cut_off(10), status(302, Location="/elsewhere"), whole]
    assert fetch(web, target) == SHA256
    assert web.paths == ["/model/weights.bin", "/elsewhere", "/model/weights.bin", "/elsewhere"]
    assert web.requests[3]["Range"] == "bytes=10-"


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


def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that are made from now on, which take no time."""
    made: list[float] = []
    monkeypatch.setattr(download_job.tenacity, "sleep_using_event", lambda _: made.append)
    return made


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


def test_asked_too_often_to_the_end(web: Web, target: Path) -> None:
    web.answers = [status(429)]
    assert refusal(web, target) == "127.0.0.1 is asked too often at the moment; try again later."


PAGE = b"\n <!DOCTYPE html><html><body>Please sign in</body></html>"


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_web_page_is_no_file(web: Web, target: Path, kind: str) -> None:
    web.answers = [status(200, PAGE, Content_Type=kind)]
    assert "a web page" in refusal(web, target)
    assert left_behind(target) == set()
    assert len(web.requests) == 1


def test_an_empty_answer_is_no_file(web: Web, target: Path) -> None:
    web.answers = [status(200)]
    assert "empty" in refusal(web, target)


def test_a_packed_answer_is_refused(web: Web, target: Path) -> None:
    web.answers = [status(200, b"xyz", Content_Encoding="gzip")]
    assert "packed (gzip)" in refusal(web, target)


def test_a_file_that_changed_between_two_parts_begins_anew(web: Web, target: Path) -> None:
    web.answers = [cut_off(100_000), status(500)]
    refusal(web, target)
    web.content, web.etag, web.answers = CONTENT[::-1], '"two"', [whole]
    assert fetch(web, target) == hashlib.sha256(CONTENT[::-1]).hexdigest()
    assert web.requests[-1]["If-Range"] == '"one"'


def test_a_server_that_gives_the_rest_of_another_file_is_not_believed(web: Web, target: Path) -> None:
    web.answers = [cut_off(100_000), status(500)]
    refusal(web, target)
    web.content, web.etag, web.answers = CONTENT[::-1], '"two"', [ranged, whole]
    assert fetch(web, target) == hashlib.sha256(CONTENT[::-1]).hexdigest()
    assert [request["Range"] for request in web.requests[-2:]] == ["bytes=100000-", None]


def test_a_range_that_does_not_fit_begins_anew(web: Web, target: Path) -> None:
    for odd in (
        status(416, Content_Range="bytes */5"),
        status(206, CONTENT[:7], ETag='"one"', Content_Range="bytes 0-6/300000"),
        status(206, CONTENT[:7], ETag='"one"'),
    ):
        web.answers = [cut_off(100_000), odd, whole]
        web.requests.clear()
        assert fetch(web, target) == SHA256
        assert [request["Range"] for request in web.requests] == [None, "bytes=100000-", None]


def test_a_weak_tag_is_no_reason_to_go_on(web: Web, target: Path) -> None:
    web.etag = 'W/"one"'
    web.answers = [cut_off(100_000), whole]
    assert fetch(web, target) == SHA256
    assert "Range" not in web.requests[1]


def test_a_date_will_do_where_there_is_no_tag(web: Web, target: Path) -> None:
    date = "Sun, 22 Nov 2026 10:00:00 GMT"

    def dated(web: Web, handler: object) -> None:
        send(handler, 200, web.content[:9], Content_Length=str(len(web.content)), Last_Modified=date)

    web.etag = None
    web.answers = [dated, ranged]
    assert fetch(web, target) == SHA256
    assert web.requests[1]["If-Range"] == date


@pytest.mark.parametrize("note", ["", "[]", "{", '{"url": 1}', '{"url": "x", "total": "5"}', None])
def test_a_part_that_nobody_knows_is_not_gone_on_with(web: Web, target: Path, note: str | None) -> None:
    target.parent.mkdir()
    target.with_name("weights.bin.part").write_bytes(b"something else")
    if note is not None:
        target.with_name("weights.bin.part.json").write_text(note)
    assert fetch(web, target) == SHA256
    assert "Range" not in web.requests[0]


def test_a_part_from_another_address_is_not_gone_on_with(web: Web, target: Path) -> None:
    web.answers = [cut_off(100_000), status(500)]
    refusal(web, target)
    web.answers = [whole]
    assert download(web.url("/other"), target, patience=HURRIED) == SHA256
    assert "Range" not in web.requests[-1]


def test_a_size_that_nobody_says(web: Web, target: Path) -> None:
    told: list[Progress] = []
    web.answers = [status(200, CONTENT, Content_Length=None)]
    assert fetch(web, target, progress=told.append) == SHA256
    assert {one.total for one in told} == {None}


def test_what_is_whole_but_not_in_its_place_is_not_fetched_again(
    web: Web, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answers = [status(200, CONTENT, Content_Length=None)]
    monkeypatch.setattr(download_job.PartFile, "become", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        fetch(web, target)
    monkeypatch.undo()
    assert fetch(web, target) == SHA256
    assert len(web.requests) == 1


def test_a_file_that_is_too_large_is_not_begun(web: Web, target: Path) -> None:
    assert refusal(web, target, largest=299_999) == "The file on 127.0.0.1 is larger than 300.0 kB."
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


@pytest.mark.parametrize("address", ["http://nowhere.invalid/x", "http://127.0.0.1:1/x"])
def test_nobody_there_is_told_soon(target: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = pauses(monkeypatch)
    with pytest.raises(UnreachableError, match=r"(nowhere.invalid|127.0.0.1) cannot be reached \(.+\): is there a net"):
        download(address, target)
    assert len(made) == 1


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/x", "weights.bin", "", "http://", "http://a:b/x"])
def test_what_is_no_address_is_told(target: Path, address: str) -> None:
    with pytest.raises(DownloadError, match=r"https or http only|no address"):
        download(address, target, patience=HURRIED)


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


def test_cancelling_between_two_chunks_keeps_what_came(web: Web, target: Path) -> None:
    cancelled = threading.Event()
    with pytest.raises(Cancelled):
        fetch(web, target, cancelled=cancelled, progress=lambda _: cancelled.set())
    assert not target.exists()
    assert fetch(web, target, cancelled=threading.Event()) == SHA256


@pytest.mark.parametrize("silent", [cut_off(1000, then=silence), silence], ids=["in the middle", "from the start"])
def test_cancelling_does_not_wait_for_a_silent_line(web: Web, target: Path, silent: object) -> None:
    cancelled = threading.Event()

    def then_cancelled(web: Web, handler: object) -> None:
        if silent is not silence:
            cut_off(1000)(web, handler)
        cancelled.set()
        silence(web, handler)

    web.answers = [then_cancelled]
    with pytest.raises(Cancelled):
        fetch(web, target, cancelled=cancelled, patience=Patience(silence=600))
    assert not web.over.is_set()


def test_cancelling_ends_a_pause(web: Web, target: Path) -> None:
    cancelled = threading.Event()

    def refused(web: Web, handler: object) -> None:
        send(handler, 503, Retry_After="100")
        cancelled.set()

    web.answers = [refused]
    with pytest.raises(Cancelled):
        fetch(web, target, cancelled=cancelled)


CHILD = "import sys, pathlib, inference.downloads as d; d.download(sys.argv[1], pathlib.Path(sys.argv[2]))"


def test_a_process_that_is_killed_in_the_middle_is_gone_on_with(web: Web, target: Path) -> None:
    sent = threading.Event()

    def halting(web: Web, handler: object) -> None:
        sent.set()
        silence(web, handler)

    web.answers = [cut_off(200_000, then=halting), whole]
    child = subprocess.Popen([sys.executable, "-c", CHILD, web.url(), str(target)], cwd=Path(__file__).parents[2])
    try:
        assert sent.wait(60)
        part = target.with_name("weights.bin.part")
        until = threading.Event()
        for _ in range(500):  # what was sent is read and written down in a moment
            if part.exists() and part.stat().st_size > 100_000:
                break
            until.wait(0.01)
    finally:
        child.kill()
        child.wait()
    assert not target.exists()
    came = part.stat().st_size
    assert 100_000 < came <= 200_000
    assert fetch(web, target) == SHA256
    assert web.requests[1]["Range"] == f"bytes={came}-"


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 bytes"), (999, "999 bytes"), (53_912_345, "53.9 MB"), (999_960, "1.0 MB")]
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert size_text(size) == text
