"""How the web is reached, which proxy and whose certificates, says the environment. What is wrong there is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import httpx

from inference.download_errors import reason_of
from inference.errors import ExpectedError

Client = TypeVar("Client", httpx.Client, httpx.AsyncClient)


def made(make: Callable[[], Client], *, refusal: type[ExpectedError]) -> Client:
    """The client that `make` makes. Raises `refusal` where the environment names a proxy or certificates that cannot be
    used; what stands there is not told, for a proxy's address may hold a password."""
    try:
        return make()
    except OSError as error:  # before the others: what certificates raise may be both
        raise refusal(
            f"The certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be used: {reason_of(error)}."
        ) from error
    except (httpx.InvalidURL, ValueError, ImportError):
        raise refusal(
            "The proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names cannot be used: it should be like "
            "http://host:port or socks5://host:port."
        ) from None
