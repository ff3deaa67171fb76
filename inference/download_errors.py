"""What servers answer, or why they do not: each in one sentence, and whether it may be over in a moment."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from inference.downloads import DownloadError, UnreachableError

_RANGE = re.compile(r"bytes (\d{1,18})-\d+/(?:(\d{1,18})|\*)")
_LONGEST = 1e9  # seconds that anybody is believed to ask for


class Again(Exception):
    """An attempt that failed for a reason that may pass; `final` is said when it does not."""

    def __init__(self, final: DownloadError, *, wait: float = 0.0) -> None:
        super().__init__(str(final))
        self.final = final
        self.wait = wait  # seconds that the server asked for


LATER = "; try again later."
"""The end of a sentence about trouble that may pass: left out where that is done anyway."""


def check_status(response: httpx.Response, *, longest_wait: float) -> None:
    """Raise `DownloadError`, or `Again` with the pause that the server asks for, unless this answer is a file."""
    host, status = response.url.host, response.status_code
    _check_encrypted(response)
    if status in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        _check_kind(response)
        return
    if status == httpx.codes.TOO_MANY_REQUESTS or status == httpx.codes.REQUEST_TIMEOUT or status >= 500:
        sentence = (
            f"{host} is asked too often at the moment{LATER}"
            if status == httpx.codes.TOO_MANY_REQUESTS
            else f"{host} has trouble of its own (HTTP {status}){LATER}"
        )
        wait = retry_after(response)
        if wait > longest_wait:
            raise DownloadError(f"{host} asks to wait {duration_text(wait)} before the next attempt (HTTP {status}).")
        raise Again(DownloadError(sentence), wait=wait)
    match status:
        case httpx.codes.NOT_FOUND | httpx.codes.GONE:
            raise DownloadError(f"There is no file at {_address(response.url)} (HTTP {status}).")
        case httpx.codes.UNAUTHORIZED | httpx.codes.FORBIDDEN:
            raise DownloadError(f"{host} does not give the file to everybody (HTTP {status}).")
        case httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
            raise DownloadError("The proxy on the way wants a name and a password (HTTP 407).")
        case httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise DownloadError(f"{host} cannot go on with the file (HTTP {status}).")
        case _:
            raise DownloadError(f"{host} answered with HTTP {status} instead of the file.")


def content_range(response: httpx.Response) -> tuple[int | None, int | None]:
    """The first byte of a partial answer and the size of the whole file; None for what is not said."""
    found = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if found is None:
        return None, None
    return int(found[1]), int(found[2]) if found[2] else None


def failure(error: httpx.HTTPError, *, host: str) -> Again | DownloadError:
    """What to raise for an error of the connection."""
    match error:
        case httpx.ConnectError() if isinstance(root_of(error), ssl.SSLCertVerificationError):
            reason = getattr(root_of(error), "verify_message", "") or reason_of(error)
            return DownloadError(
                f"{host} cannot prove that it is {host} ({reason}); where a proxy has a certificate of its "
                "own, SSL_CERT_FILE names it."
            )
        case httpx.ConnectError() if isinstance(root_of(error), ssl.SSLError):
            return DownloadError(f"{host} does not speak https as it should ({reason_of(error)}).")
        case httpx.ConnectError() | httpx.ConnectTimeout():
            reason = "no answer" if isinstance(error, httpx.TimeoutException) else reason_of(error)
            return Again(UnreachableError(f"{host} cannot be reached ({reason}): is there a network?"))
        case httpx.TimeoutException():
            return Again(DownloadError(f"{host} fell silent; what has come is kept and gone on with."))
        case httpx.ProxyError():
            return DownloadError(f"The proxy on the way to {host} refused: {reason_of(error)}.")
        case httpx.UnsupportedProtocol():
            return DownloadError(f"Files are fetched over https or http only ({reason_of(error)}).")
        case httpx.TooManyRedirects():
            return DownloadError(f"{host} sends from one address to the next without an end.")
        case _:
            return Again(
                DownloadError(f"The connection to {host} broke off; what has come is kept ({reason_of(error)}).")
            )


def _check_encrypted(response: httpx.Response) -> None:
    ways = [*(earlier.url for earlier in response.history), response.url]
    if ways[0].scheme == "https" and any(way.scheme != "https" for way in ways):
        raise DownloadError(f"{ways[0].host} sends on to an address that is not encrypted; nothing was fetched.")


def _check_kind(response: httpx.Response) -> None:
    if response.headers.get("Content-Type", "").lower().startswith(("text/html", "application/xhtml")):
        raise DownloadError(
            f"{response.url.host} sent a web page, not the file: a proxy or a page to sign in is in between."
        )
    if (packed := response.headers.get("Content-Encoding", "identity").lower()) != "identity":
        raise DownloadError(f"{response.url.host} sent the file packed ({packed}), which was not asked for.")


def retry_after(response: httpx.Response) -> float:
    """Seconds from the header, which holds a number or a date (RFC 9110, 10.2.3); 0 for anything else."""
    said = response.headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return min(float(said), _LONGEST)
    try:
        then = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return 0.0
    if then.tzinfo is None:  # a date in universal time by a server that does not say so
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


def duration_text(seconds: float) -> str:
    """A time for people, in minutes or hours."""
    minutes = round(seconds / 60)
    return f"{minutes:,} minutes" if minutes < 120 else f"{round(minutes / 60):,} hours"


def _address(url: httpx.URL) -> str:
    """Without what is nobody's business: a name and a password, and what stands behind a question mark."""
    return str(url.copy_with(username=None, password=None, query=None, fragment=None))


def root_of(error: BaseException) -> BaseException:
    """What an error of a library comes from."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def reason_of(error: BaseException) -> str:
    """What the system says of it, as a clause."""
    root = root_of(error)
    text = (root.strerror if isinstance(root, OSError) else None) or str(error) or type(error).__name__
    return text.strip().rstrip(".")
