"""A small server on this machine that answers as it is told, well or badly."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler

Answer = Callable[["Web", BaseHTTPRequestHandler], None]


@dataclass
class Web:
    """What the server has and what it was asked; `answers` are used up one by one, the last one stays."""

    content: bytes = b""
    etag: str | None = '"one"'
    answers: list[Answer] = field(default_factory=list)
    requests: list[Message] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    address: str = ""
    over: threading.Event = field(default_factory=threading.Event)  # set when the test has ended

    def url(self, path: str = "/model/weights.bin") -> str:
        return self.address + path

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.requests.append(handler.headers)
        self.paths.append(handler.path)
        (self.answers.pop(0) if len(self.answers) > 1 else [*self.answers, whole][0])(self, handler)


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str | None) -> None:
    """A complete answer; a header of None is left out, also Content-Length."""
    handler.send_response(status)
    for name, value in {"Content_Length": str(len(body)), "Connection": "close", **headers}.items():
        if value is not None:
            handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def _kind(web: Web) -> dict[str, str | None]:
    return {"Content_Type": "application/octet-stream", "ETag": web.etag, "Accept_Ranges": "bytes"}


def whole(web: Web, handler: BaseHTTPRequestHandler) -> None:
    """As good servers do: ranges, and the whole file where `If-Range` is of another one."""
    asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
    if asked is None or handler.headers.get("If-Range") != web.etag:
        send(handler, 200, web.content, **_kind(web))
    else:
        ranged(web, handler)


def ranged(web: Web, handler: BaseHTTPRequestHandler) -> None:
    """The rest from where it was asked for, whatever `If-Range` says."""
    first = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
    size = len(web.content)
    send(handler, 206, web.content[first:], **_kind(web), Content_Range=f"bytes {first}-{size - 1}/{size}")


def cut_off(after: int, *, then: Answer | None = None) -> Answer:
    """Only so many bytes of what was promised; `then` says what happens before the line is closed."""

    def answer(web: Web, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range", "bytes=0-")
        first, size = int(asked.removeprefix("bytes=").removesuffix("-")), len(web.content)
        headers = {**_kind(web), "Content_Length": str(size - first)}
        if first:
            headers["Content_Range"] = f"bytes {first}-{size - 1}/{size}"
        send(handler, 206 if first else 200, web.content[first : first + after], **headers)
        handler.wfile.flush()
        if then is not None:
            then(web, handler)

    return answer


def some_of_the_rest(of: str) -> Answer:
    """A thousand bytes from where it was asked for, as some of a file of which `of` tells the size."""

    def answer(web: Web, handler: BaseHTTPRequestHandler) -> None:
        first = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        told = f"bytes {first}-{first + 999}{of}"
        send(handler, 206, web.content[first : first + 1000], **_kind(web), Content_Range=told)

    return answer


def silence(web: Web, _: BaseHTTPRequestHandler) -> None:
    """Nothing more until the test is over."""
    web.over.wait(30)


def status(code: int, body: bytes = b"", **headers: str | None) -> Answer:
    """The same answer whatever was asked."""
    return lambda _, handler: send(handler, code, body, **headers)
