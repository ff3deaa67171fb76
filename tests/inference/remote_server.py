"""A service on this machine that speaks the protocol of the remote engine, well or as badly as it is told."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from threading import Event
from typing import Any
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
import pytest
from PIL import Image

from inference.remote_card import ADDRESS_VARIABLE
from inference.remote_key import VARIABLE
from resources.classes import ade_class
from tests.inference.serving import serving

SECRET = "0123-the-secret-4567"

Reply = Callable[["Service", "Received", BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Received:
    """One request, as it came."""

    path: str
    query: dict[str, list[str]]
    headers: Message
    fields: dict[str, tuple[str | None, bytes]]  # the parts of the form: file name and content

    @property
    def jpeg(self) -> bytes:
        return self.fields["file"][1]

    @property
    def picture(self) -> Image.Image:
        return Image.open(BytesIO(self.jpeg))


@dataclass
class Service:
    """What was asked, and what is answered: replies are used up one by one, the last one stays."""

    replies: list[Reply] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    address: str = ""
    asked: Event = field(default_factory=Event)
    left: Event = field(default_factory=Event)  # a client closed its connection while it was kept waiting
    over: Event = field(default_factory=Event)  # the test has ended

    @property
    def root(self) -> str:
        """The address that a person enters."""
        return f"{self.address}/v0"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        kind = f"Content-Type: {handler.headers['Content-Type']}\r\n\r\n".encode()
        parts = message_from_bytes(kind + body, policy=HTTP).iter_parts()
        fields = {
            part.get_param("name", header="Content-Disposition"): (part.get_filename(), part.get_payload(decode=True))
            for part in parts
        }
        url = urlsplit(handler.path)
        received = Received(url.path, parse_qs(url.query), handler.headers, fields)
        self.received.append(received)
        self.asked.set()
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        reply(self, received, handler)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The service, with its address and a key in the environment."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(Service([seen])) as service:
        monkeypatch.setenv(ADDRESS_VARIABLE, service.root)
        monkeypatch.setenv(VARIABLE, SECRET)
        yield service


# --- replies ---------------------------------------------------------------------------------------------------------


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    sent = {"Content_Type": "application/json", "Content_Length": str(len(body)), "Connection": "close", **headers}
    for name, value in sent.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def status(code: int, body: bytes = b"{}", **headers: str) -> Reply:
    return lambda _service, _received, handler: send(handler, code, body, **headers)


def says(*detections: dict[str, Any]) -> Reply:
    return status(200, answer_text(*detections).encode())


def answer_text(*detections: dict[str, Any]) -> str:
    return json.dumps({"detections": detections, "latency": {"inference": 0.012}})


def broken_off(_service: Service, _received: Received, handler: BaseHTTPRequestHandler) -> None:
    """Half of an answer, and the line is closed."""
    text = answer_text().encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(2 * len(text)))
    handler.end_headers()
    handler.wfile.write(text)


def silent(service: Service, _received: Received, handler: BaseHTTPRequestHandler) -> None:
    """Nothing, until the client has gone or the test is over."""
    handler.connection.settimeout(0.02)
    while not service.over.is_set():
        try:
            if not handler.connection.recv(1):
                service.left.set()
                return
        except TimeoutError:
            continue


def seen(_service: Service, received: Received, handler: BaseHTTPRequestHandler) -> None:
    """Like a network that knows sky from grass by their brightness: what is light is sky, what is dark is grass."""
    grey = np.asarray(received.picture.convert("L"))
    masks = ((3, 0.9, grey >= 128), (10, 0.6, grey < 128))
    body = answer_text(*(detection(class_id, score, mask) for class_id, score, mask in masks if mask.any()))
    send(handler, 200, body.encode())


def detection(class_id: int, score: float, mask: np.ndarray, /, **changed: Any) -> dict[str, Any]:
    """A record as the service writes it; `mask` (H, W) bool as large as the photo, `class_id` 1..150."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return {
        "bbox": [x, y, x + width, y + height],
        "conf": score,
        "cls_id": class_id - 1,
        "label": f"{ade_class(class_id).full_name} ",
        "mask": png(mask[y : y + height, x : x + width]),
        **changed,
    }


def png(mask: np.ndarray) -> str:
    _, data = cv2.imencode(".png", mask.astype(np.uint8) * 255)
    return base64.b64encode(data.tobytes()).decode("ascii")
