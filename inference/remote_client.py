"""One photo on its way to the remote service and the answer back, with whatever happens on the way.

Requests run on an event loop of their own in the thread that asks: so a wait of any kind (for a name, a connection, an
answer, or between two attempts) ends at once when nobody wants the result any more, and its connection is closed.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import tenacity

from inference.cancelling import is_cancelled
from inference.download_errors import duration_text, reason_of, retry_after, root_of
from inference.errors import Cancelled
from inference.remote_key import Key, RemoteError
from inference.web_client import made

T = TypeVar("T")

POLL_SECONDS = 0.1  # how soon a wait notices that nobody wants the result any more
LARGEST_ANSWER = 64_000_000  # bytes; masks of a photo that is sent are some 100 kB


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for what, in seconds."""

    connect: float = 10.0
    silence: float = 60.0  # without a byte: the network over there may be woken first
    whole: float = 180.0  # for one photo, all attempts and pauses together
    attempts: int = 4
    pause: float = 1.0  # before the second attempt; twice as long before each that follows
    longest_wait: float = 60.0  # that the service may ask for
    after_refusal: float = 10.0  # in which a refusal of the key or the model is not asked for again with another photo


@dataclass
class RemoteClient:
    """Asks one service with one key. May be used by several threads."""

    address: str
    key: Key
    patience: Patience = field(default_factory=Patience)
    _refusal: tuple[float, RemoteError] | None = field(default=None, init=False, repr=False)
    _stopped: threading.Event = field(default_factory=threading.Event, init=False, repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.address).hostname or ""

    def stop(self) -> None:
        """Send nothing from now on; what waits for an answer is refused."""
        self._stopped.set()

    def ask(self, model: str, jpeg: bytes, *, threshold: float) -> Any:
        """What the service says of a photo, as JSON. Raises `RemoteError`, and `Cancelled` when nobody waits for it."""
        if self._refusal is not None and time.monotonic() < self._refusal[0]:
            raise RemoteError(str(self._refusal[1]))
        try:
            answer = _run(self._answer(model, jpeg, threshold), check=self._check_wanted)
        except _Refused as error:
            self._refusal = time.monotonic() + self.patience.after_refusal, error
            raise
        except _Passing as error:
            raise RemoteError(str(error), lasting=False) from None
        return _parsed(answer, self.host)

    def _check_wanted(self) -> None:
        if is_cancelled():
            raise Cancelled
        if self._stopped.is_set():
            raise RemoteError(f"Photos are not sent to {self.host} any more.", lasting=False)

    async def _answer(self, model: str, jpeg: bytes, threshold: float) -> bytes:
        patience = self.patience
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(_Passing),
            stop=tenacity.stop_after_attempt(patience.attempts),
            wait=self._pause,
            sleep=asyncio.sleep,
            reraise=True,
        )
        url = httpx.URL(f"{self.address}/models/{model}/inference", params={"confidence_threshold": f"{threshold:g}"})
        times = httpx.Timeout(patience.silence, connect=patience.connect)
        encrypted = url.scheme == "https"  # else it is this machine: a proxy would read the key, and pass it on
        try:
            client = made(lambda: httpx.AsyncClient(timeout=times, trust_env=encrypted), refusal=RemoteError)
            async with asyncio.timeout(patience.whole), client:
                return await retrying(self._attempt, client, url, model, jpeg)
        except TimeoutError:
            raise RemoteError(f"{self.host} took longer than {patience.whole:g} s.", lasting=False) from None

    async def _attempt(self, client: httpx.AsyncClient, url: httpx.URL, model: str, jpeg: bytes) -> bytes:
        headers = {"X-API-Key": self.key.reveal(), "Accept": "application/json"}
        files = {"file": ("photo.jpg", jpeg, "image/jpeg")}  # the photo's own name is nobody's business
        try:
            # A redirect is not followed: neither the key nor the photo goes where nobody allowed it to go.
            async with client.stream("POST", url, headers=headers, files=files, follow_redirects=False) as response:
                self._check(response, model)
                received = bytearray()
                async for chunk in response.aiter_bytes():
                    received += chunk
                    if len(received) > LARGEST_ANSWER:
                        raise RemoteError(f"{self.host} sent far more than an answer can hold.")
                return bytes(received)
        except httpx.HTTPError as error:
            raise self._failure(error) from None
        except (httpx.InvalidURL, UnicodeError):  # the latter for a name that no host can have
            raise RemoteError(f"{self.address} is no address of a service.") from None

    def _check(self, response: httpx.Response, model: str) -> None:
        """Raise `RemoteError` unless this is the beginning of an answer."""
        host, status = self.host, response.status_code
        if status == httpx.codes.OK:
            if response.headers.get("Content-Type", "").lower().startswith(("text/html", "application/xhtml")):
                raise RemoteError(
                    f"{host} sent a web page, not an answer: a proxy or a page to sign in is in between.", lasting=False
                )
            return
        if response.is_redirect:
            raise RemoteError(f"{host} sends on to {_target(response)}; neither photo nor key was sent there.")
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
            self._check_wait(response)
        refusals = {
            httpx.codes.UNAUTHORIZED: f"{host} does not accept the key",
            httpx.codes.PAYMENT_REQUIRED: f"{host} wants to be paid: the credit of this key is used up",
            httpx.codes.FORBIDDEN: f"The key may not use {model} at {host}",
            httpx.codes.NOT_FOUND: f"{host} knows no model called {model}",
        }
        if status in refusals:
            raise _Refused(f"{refusals[httpx.codes(status)]} (HTTP {status}).")
        if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            raise RemoteError(f"The photo is too large for {host} (HTTP {status}).")
        raise RemoteError(f"{host} answered with HTTP {status} instead of detections.")

    def _check_wait(self, response: httpx.Response) -> None:
        """Raise `_Passing` for an attempt to come, or `RemoteError` where that would be too late."""
        host, status, wait = self.host, response.status_code, retry_after(response)
        if wait > self.patience.longest_wait:
            asked = f"{host} asks to wait {duration_text(wait)} before the next photo (HTTP {status})."
            raise RemoteError(asked, lasting=False)
        trouble = "is asked too often at the moment" if status == 429 else "has trouble of its own"
        raise _Passing(f"{host} {trouble} (HTTP {status}); try again later.", wait=wait)

    def _failure(self, error: httpx.HTTPError) -> RemoteError:
        """What to raise for an error of the connection."""
        host, reason = self.host, reason_of(error)
        match error:
            case httpx.ConnectError() if isinstance(root_of(error), ssl.SSLError):
                return RemoteError(f"The connection to {host} is not trusted ({reason}); nothing was sent.")
            case httpx.ConnectTimeout():
                return RemoteError(f"{host} cannot be reached (no answer): is there a network?", lasting=False)
            case httpx.ConnectError():
                return RemoteError(f"{host} cannot be reached ({reason}): is there a network?", lasting=False)
            case httpx.TimeoutException():  # not tried again: it has waited long, and may be at work for us still
                return RemoteError(f"{host} did not answer in {self.patience.silence:g} s.", lasting=False)
            case httpx.ProxyError():
                return RemoteError(f"The proxy on the way to {host} refused: {reason}.")
            case _:
                return _Passing(f"The connection to {host} broke off ({reason}).")

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """Twice as long each time, a little uneven so that many machines do not come back at once; or as asked for."""
        error = state.outcome.exception() if state.outcome is not None else None
        asked = error.wait if isinstance(error, _Passing) else 0.0
        return max(asked, self.patience.pause * 2.0 ** (state.attempt_number - 1) * random.uniform(0.75, 1.25))


class _Passing(RemoteError):
    """An attempt that failed for a reason that may be over in a moment."""

    def __init__(self, sentence: str, *, wait: float = 0.0) -> None:
        super().__init__(sentence, lasting=False)
        self.wait = wait  # seconds that the service asked for


class _Refused(RemoteError):
    """What would be said of any other photo as well."""


def _run(work: Coroutine[Any, Any, T], *, check: Callable[[], None]) -> T:
    """Run to the end, or until `check` raises, which says that nobody wants the result."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(_unless_unwanted(work, check))
    finally:
        # Not `asyncio.run`: that would wait for the system to give up looking for the name of a host.
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _unless_unwanted(work: Coroutine[Any, Any, T], check: Callable[[], None]) -> T:
    task = asyncio.ensure_future(work)
    while not task.done():
        try:
            check()
        except (Cancelled, RemoteError):
            task.cancel()
            await asyncio.wait({task})  # its connection is closed
            raise
        await asyncio.wait({task}, timeout=POLL_SECONDS)
    return task.result()


def _parsed(answer: bytes, host: str) -> Any:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        raise RemoteError(f"The answer of {host} is cut off, or no JSON.", lasting=False) from None


def _target(response: httpx.Response) -> str:
    """Where a redirect leads to; only the host, as an address may hold secrets."""
    try:
        target = response.url.join(response.headers.get("Location", "")).host
    except httpx.InvalidURL:
        return "an address that is none"
    return "another address of its own" if target == response.url.host else target
