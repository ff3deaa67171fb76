"""A server on this machine for the time of a test: what it answers is the test's business."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Protocol, TypeVar


class Answering(Protocol):
    """What can be served; it is told its address, without a slash at the end, and when the test is over."""

    address: str
    over: threading.Event

    def answer(self, handler: BaseHTTPRequestHandler) -> None: ...


T = TypeVar("T", bound=Answering)


@contextmanager
def serving(answering: T, *, encrypted: SSLContext | None = None) -> Iterator[T]:
    """Serves until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.close_connection = True
            answering.answer(self)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass  # the client has gone, as it may

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = False  # they are waited for
    if encrypted is not None:
        server.socket = encrypted.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    answering.address = f"{'http' if encrypted is None else 'https'}://127.0.0.1:{server.server_address[1]}"
    try:
        yield answering
    finally:
        answering.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
