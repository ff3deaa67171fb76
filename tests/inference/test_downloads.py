"""Downloads that are interrupted, stopped and killed, from a server that truncates, stalls and changes its mind."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from inference import download_job
from inference.downloads import Patience, Progress, download, size_text
from inference.errors import Cancelled
from tests.inference.fetching import CONTENT, HURRIED, SHA256, fetch, left_behind, refusal, target, web
from tests.inference.web import Web, cut_off, ranged, send, silence, some_of_the_rest, status, whole

__all__ = ["target", "web"]  # fixtures


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
    assert fetch(web, target, patience=replace(HURRIED, silence=0.5)) == SHA256
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


def test_a_server_without_ranges_that_breaks_off_sooner_and_later_is_given_up(web: Web, target: Path) -> None:
    def truncated(web: Web, handler: object) -> None:
        sent = 90_000 if len(web.requests) in (1, 3) else 50_000
        send(handler, 200, web.content[:sent], Content_Length=str(len(web.content)))

    web.answers = [truncated]
    assert "broke off" in refusal(web, target)
    assert len(web.requests) == 1 + HURRIED.attempts


def test_a_crawling_server_is_given_up_in_the_end(web: Web, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_job, "_MOST_ATTEMPTS", 7)
    web.answers = [cut_off(1000)]
    assert "broke off" in refusal(web, target)
    assert len(web.requests) == 7


def test_a_part_of_the_rest_is_gone_on_with(web: Web, target: Path) -> None:
    web.answers = [cut_off(100_000), some_of_the_rest(f"/{len(CONTENT)}"), whole]
    assert fetch(web, target) == SHA256
    assert web.requests[-1]["Range"] == "bytes=101000-"


def test_a_part_that_does_not_repeat_the_size_is_not_taken_for_the_end(web: Web, target: Path) -> None:
    web.answers = [cut_off(100_000), some_of_the_rest("/*"), whole]
    assert fetch(web, target) == SHA256


def test_a_size_that_no_file_can_have_is_none(web: Web, target: Path) -> None:
    web.answers = [cut_off(100_000), some_of_the_rest("/" + "9" * 5000), whole]
    assert fetch(web, target) == SHA256


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


def test_what_was_cancelled_says_nothing_although_it_was_the_last_attempt(web: Web, target: Path) -> None:
    cancelled = threading.Event()

    def stop(web: Web, handler: object) -> None:
        cancelled.set()
        web.over.wait(30)

    web.answers = [cut_off(100_000, then=stop)]
    patience = Patience(silence=30, attempts=1, attempts_unheard=1)
    with pytest.raises(Cancelled):
        fetch(web, target, cancelled=cancelled, patience=patience)


def test_progress_is_told_ten_times_a_second_with_the_rate_of_the_last_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    hundredths = 0
    monkeypatch.setattr(download_job.time, "monotonic", lambda: hundredths / 100)
    told: list[Progress] = []
    teller = download_job._Teller(told.append)
    for hundredths in range(1000):
        teller.tell(hundredths * 1000, None, at_once=False)
    assert 90 <= len(told) <= 101
    assert told[-1].rate == pytest.approx(100_000)
    for hundredths in range(1000, 1600):
        teller.tell(900_000 + hundredths * 100, None, at_once=False)
    assert told[-1].rate == pytest.approx(10_000)  # not that of the quick beginning
    hundredths += 10
    teller.tell(0, None, at_once=False)  # it began anew
    assert told[-1] == Progress(0, None, 0.0)


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
