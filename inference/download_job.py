"""How a download goes: attempts with pauses between them, and a line that can be cut while it is silent."""

from __future__ import annotations

import os
import random
import shutil
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import httpx
import tenacity

from inference.download_errors import Again, check_status, content_range, failure
from inference.downloads import DownloadError, Patience, Progress, size_text
from inference.errors import Cancelled, WeightsError
from inference.files import shown
from inference.part_file import Origin, PartFile
from inference.web_client import made
from inference.weights import readable, sha256_of

POLL_SECONDS = 0.1  # how soon a silent line notices that it is wanted no more
_TELL_SECONDS = 0.1  # between two reports of progress
_RATE_SECONDS = 5.0  # a rate is that of the last seconds
_MOST_ATTEMPTS = 200


class Job:
    """One call of `download`."""

    def __init__(
        self,
        url: str,
        part: PartFile,
        largest: int,
        progress: Callable[[Progress], None],
        cancelled: threading.Event,
        patience: Patience,
    ) -> None:
        self._url, self._part, self._largest = url, part, largest
        self._cancelled, self._patience = cancelled, patience
        self._teller = _Teller(progress)
        self._heard = False  # whether any server has answered
        self._furthest = part.size
        self._fruitless = 0  # attempts in a row that got no further
        self._lines: list[socket.socket] = []

    def fetch(self) -> None:
        """Until the part is whole. Raises `DownloadError`, `Cancelled`, `OSError`."""
        patience = self._patience
        times = httpx.Timeout(patience.silence, connect=patience.connect)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Again),
            stop=self._has_tried_enough,
            wait=self._pause,
            sleep=tenacity.sleep_using_event(self._cancelled),
            reraise=True,
        )
        try:
            with made(lambda: httpx.Client(timeout=times, follow_redirects=True), refusal=DownloadError) as client:
                retrying(self._attempt, client)
        except Again as error:
            raise error.final from error
        except (httpx.InvalidURL, UnicodeError) as error:  # the latter for a name of a host that none can have
            raise DownloadError(f"{self._url!r} is no address of a file, or leads to one that is none.") from error

    def put_in_place(self, target: Path, *, sha256: str | None) -> str:
        """The part becomes the target, when it is what was wanted. Raises `DownloadError`, `OSError`."""
        try:
            readable(self._part.path)
        except WeightsError as error:
            self._part.drop()
            said = str(error).removeprefix(f"{shown(self._part.path)} ")  # its own name means nothing to anybody
            raise DownloadError(f"What {_host(self._url)} sent {said}") from error
        found = sha256_of(self._part.path)
        if sha256 is not None and found != sha256.lower():
            self._part.drop()
            raise DownloadError(f"What {_host(self._url)} sent is not the file that is known: its hash differs.")
        self._part.become(target)
        return found

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Whoever waits for a silent line cannot look up: another thread cuts it when nobody wants it any more."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(POLL_SECONDS):
                if self._cancelled.is_set():
                    for line in tuple(self._lines):
                        with suppress(OSError):
                            socket.socket.shutdown(line, socket.SHUT_RDWR)

        watcher = threading.Thread(target=watch, name="download watcher", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()

    def _attempt(self, client: httpx.Client) -> None:
        """Ask for what is missing and write it down. Raises `Again` where another attempt may get further."""
        self._stop_if_cancelled()
        origin = self._part.origin(self._url)
        if origin is not None and self._part.is_whole(origin):
            return
        try:
            headers = {"Accept-Encoding": "identity", **self._wanted(origin)}
            with client.stream("GET", self._url, headers=headers, extensions={"trace": self._note_line}) as response:
                self._heard = True
                self._receive(response, origin)
        except (httpx.HTTPError, Again) as error:
            self._stop_if_cancelled()
            got_further = self._part.size > self._furthest
            self._furthest = max(self._furthest, self._part.size)
            self._fruitless = 0 if got_further else self._fruitless + 1
            again = error if isinstance(error, Again) else failure(error, host=_host(self._url))
            if isinstance(again, Again):
                self._teller.tell_trouble(self._part.size, str(again.final))
            raise again from (None if again is error else error)

    def _wanted(self, origin: Origin | None) -> dict[str, str]:
        if origin is None or origin.validator is None:
            return {}
        return {"Range": f"bytes={self._part.size}-", "If-Range": origin.validator}

    def _receive(self, response: httpx.Response, origin: Origin | None) -> None:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and origin is not None:
            self._begin_anew()
        check_status(response, longest_wait=self._patience.longest_wait)
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else None
        if response.status_code == httpx.codes.PARTIAL_CONTENT:
            first, total = content_range(response)
            found = self._origin_of(response, total)
            if origin is None or first != self._part.size or origin.is_other(found):
                self._begin_anew()
            total = origin.total if total is None else total  # a part need not say it again
        else:
            origin = self._origin_of(response, total)
            self._part.begin(origin)
        self._check_size(total)
        self._write(response, total)
        if total is None:
            self._part.end(origin)
        elif self._part.size != total:
            raise Again(DownloadError(f"{_host(self._url)} sent {size_text(self._part.size)} of {size_text(total)}."))

    def _begin_anew(self) -> NoReturn:
        """What is here is no beginning of what the server has now."""
        self._part.drop()
        raise Again(DownloadError(f"The file on {_host(self._url)} changes while it is fetched."))

    def _origin_of(self, response: httpx.Response, total: int | None) -> Origin:
        headers = response.headers
        return Origin(url=self._url, etag=headers.get("ETag"), modified=headers.get("Last-Modified"), total=total)

    def _check_size(self, total: int | None) -> None:
        """Before the disk is filled with what is too large for it, or for anything."""
        if total is None:
            return
        self._check_largest(total)
        free = shutil.disk_usage(self._part.path.parent).free
        if (missing := total - self._part.size) > free:
            raise DownloadError(
                f"There is no room for {size_text(missing)} in {self._part.path.parent}: {size_text(free)} are free."
            )

    def _check_largest(self, size: int) -> None:
        if size > self._largest:
            self._part.drop()
            raise DownloadError(f"The file on {_host(self._url)} is larger than {size_text(self._largest)}.")

    def _write(self, response: httpx.Response, total: int | None) -> None:
        done = self._part.size
        with self._part.open() as file:
            self._teller.tell(done, total, at_once=True)
            for chunk in response.iter_raw():
                self._stop_if_cancelled()
                self._check_largest(done + len(chunk))
                file.write(chunk)
                done += len(chunk)
                self._teller.tell(done, total, at_once=done == total)
            file.flush()
            os.fsync(file.fileno())  # a full disk may say so only now

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled

    def _note_line(self, event: str, info: Mapping[str, Any]) -> None:
        """httpcore tells what it does; the socket of the moment is what can be cut."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            line = info["return_value"].get_extra_info("socket")
            if line is not None:
                self._lines.append(line)

    def _has_tried_enough(self, state: tenacity.RetryCallState) -> bool:
        most = self._patience.attempts if self._heard else self._patience.attempts_unheard
        return self._fruitless >= most or state.attempt_number >= _MOST_ATTEMPTS

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """Twice as long each time, a little uneven so that many machines do not come back at once; or as asked for."""
        error = state.outcome.exception() if state.outcome is not None else None
        asked = error.wait if isinstance(error, Again) else 0.0
        doubled = self._patience.pause * 2.0 ** max(0, self._fruitless - 1)
        return max(asked, min(doubled, self._patience.longest_pause) * random.uniform(0.75, 1.25))


class _Teller:
    """Reports progress often enough to be watched, seldom enough to cost nothing."""

    def __init__(self, progress: Callable[[Progress], None]) -> None:
        self._progress = progress
        self._points: deque[tuple[float, int]] = deque()
        self._told = -_TELL_SECONDS
        self._total: int | None = None

    def tell(self, done: int, total: int | None, *, at_once: bool) -> None:
        now = time.monotonic()
        if not at_once and now - self._told < _TELL_SECONDS:
            return
        self._told = now
        if self._points and done < self._points[-1][1]:  # it began anew
            self._points.clear()
        self._points.append((now, done))
        while now - self._points[0][0] > _RATE_SECONDS:
            self._points.popleft()
        since, before = self._points[0]
        self._progress(Progress(done, total, (done - before) / (now - since) if now > since else 0.0))
        self._total = total

    def tell_trouble(self, done: int, sentence: str) -> None:
        """At once; what came before the trouble says nothing about what comes after it."""
        self._points.clear()
        self._progress(Progress(done, self._total, 0.0, trouble=sentence))


def _host(url: str) -> str:
    """What people are told: names and passwords in an address are nobody's business."""
    try:
        return httpx.URL(url).host or url
    except httpx.InvalidURL:
        return url
