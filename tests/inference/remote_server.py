"""A service on this machine that speaks the protocol of the remote engine, well or as badly as it is told."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from ssl import SSLContext
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
from PIL import Image

from resources.classes import ade_class

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


@contextmanager
def serving(service: Service, *, encrypted: SSLContext | None = None) -> Iterator[Service]:
    """Answers until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.close_connection = True
            service.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass  # the client has gone, as it may

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    if encrypted is not None:
        server.socket = encrypted.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    service.address = f"{'http' if encrypted is None else 'https'}://127.0.0.1:{server.server_address[1]}/v0"
    try:
        yield service
    finally:
        service.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


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
