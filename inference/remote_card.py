"""Which models the remote service runs, and where that is. Nothing here speaks to it."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from inference.models import ModelCard, find_card, known_models
from inference.remote_key import RemoteError

REMOTE = "remote"
"""The name of the engine. It runs only where it was asked for by name: it is never part of "auto"."""
SERVICE_ADDRESS = "https://api.focoos.ai/v0"
ADDRESS_VARIABLE = "ADE_MASK_STUDIO_REMOTE_URL"
_HOST = re.compile(r"[\w.:-]+", re.ASCII)
_PRINTABLE = re.compile(r"[!-~]+")  # nothing else may stand in an address


def card_for(model: str | Path, *, engine: str) -> ModelCard:
    """The card of a model as this engine runs it. Raises `WeightsError`, and `RemoteError` for what only runs here."""
    return remote_card(model) if engine == REMOTE else find_card(model)


def remote_card(model: str | Path) -> ModelCard:
    """The card of a published model as the service runs it. It has a name of its own: its answers are other answers.

    Raises `WeightsError` for an unknown model, `RemoteError` for one that the service does not have.
    """
    card = find_card(model)
    if card.url is None:
        raise RemoteError(f"{card.name} is not among the models of the remote service; it runs on this machine only.")
    return replace(card, name=f"{card.name} ({REMOTE})", file=None, sha256=None, input_size=None)


def remote_models() -> tuple[str, ...]:
    """The names of the models that the service has."""
    return tuple(card.name for card in known_models() if card.url is not None)


def remote_reference(model: str | Path) -> str:
    """What the service calls a model: the name by which it was asked for."""
    card = find_card(model)
    return str(model) if str(model) in (card.name, *card.aliases) else card.name


def remote_address() -> str:
    """Where requests go, without a slash at its end. `RemoteError` for an address that would tell the key to others."""
    address = os.environ.get(ADDRESS_VARIABLE, "").strip().rstrip("/") or SERVICE_ADDRESS
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise RemoteError(f"The address in {ADDRESS_VARIABLE} is none.") from error
    host = parts.hostname or ""
    readable = _HOST.fullmatch(host) and _PRINTABLE.fullmatch(address)
    if not readable or parts.scheme not in ("https", "http") or parts.query or parts.fragment or parts.username:
        raise RemoteError(f"The address in {ADDRESS_VARIABLE} should be like {SERVICE_ADDRESS}.")
    if parts.scheme == "http" and not _is_this_machine(host):
        raise RemoteError(f"The address in {ADDRESS_VARIABLE} is not encrypted: the key and the photos need https.")
    return address


def remote_host() -> str:
    """Who gets the photos. Raises `RemoteError` as `remote_address` does."""
    return urlsplit(remote_address()).hostname or ""


def leaving(host: str) -> str:
    """What people have to know wherever the remote engine is chosen or in use."""
    return f"Photos are sent to {host}: they leave this machine."


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
