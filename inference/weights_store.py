"""Weights that were fetched or brought: checked before they are used, known by their hash ever after.

    weights_store.fetch(find_card("bisenetformer-m-ade"))
    weights_store.add(Path("mine.safetensors"))

Nothing enters the store that was not loaded strictly into its network and run once. A model that is published carries
no hash, so that of the first download is kept, and another one is refused until the model is removed from the store.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from inference.downloads import Progress, UnreachableError, download
from inference.errors import Cancelled, UnknownModelError, WeightsError
from inference.graphs import cached_file, shipped_graph
from inference.ledger import STORE_VARIABLE, Entry, alone_with, changed_ledger, folder_of, read_ledger, store_folder
from inference.models import ModelCard, card_beside, find_card, known_models, read_card, shipped_models
from inference.network.config import NetworkConfig
from inference.part_file import PartFile
from inference.weights import WEIGHTS_SUFFIXES, check_tensors, load_tensors, readable, sha256_of

__all__ = [
    "MIRROR_VARIABLE",
    "STORE_VARIABLE",
    "Verified",
    "add",
    "address_of",
    "expected_size",
    "fetch",
    "fetched_so_far",
    "installed",
    "remove",
    "store_folder",
    "verify",
]

MIRROR_VARIABLE = "ADE_MASK_STUDIO_WEIGHTS_URL"
"""The environment variable with the address of a mirror, where each model lies in a folder of its own."""


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What came of looking at the weights of one model."""

    name: str
    path: Path
    ok: bool
    reason: str  # one sentence


def installed(name: str) -> Path | None:
    """The file of a model that was fetched or added and is here; None otherwise. Raises `WeightsError`."""
    entry = read_ledger().get(name)
    path = folder_of(name) / entry.file if entry is not None else None
    return path if path is not None and path.is_file() else None


def address_of(card: ModelCard) -> str | None:
    """Where the weights are published; on the mirror, where one is set."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    if card.url is None or not mirror:
        return card.url
    return "/".join([mirror.rstrip("/"), *card.url.rsplit("/", 2)[1:]])


def expected_size(card: ModelCard) -> int | None:
    """About how many bytes the weights take, as float32; None where the network is not one of the known ones."""
    graph = shipped_graph(card.network) if isinstance(card.network, NetworkConfig) else None
    return None if graph is None else 4 * sum(map(math.prod, graph.tensors.values()))


def fetched_so_far(card: ModelCard) -> int:
    """Bytes of a download that was interrupted and can be gone on with."""
    with suppress(WeightsError, OSError):  # an address that cannot be fetched, a store that cannot be read
        if (address := address_of(card)) is not None:
            staged = _staged(card, address)
            return staged.stat().st_size if staged.exists() else PartFile(staged).size
    return 0


def fetch(
    card: ModelCard,
    *,
    progress: Callable[[Progress], None] = lambda _: None,
    cancelled: threading.Event | None = None,
    url: str | None = None,
) -> ModelCard:
    """Bring published weights into the store, from `url` or where they are published; gives the card with its file.

    Weights that are here and unharmed are not fetched again, harmed ones are. Raises `DownloadError`, `WeightsError`,
    `EngineError` and, as soon as what is being done ends, `Cancelled`: nothing is taken over then, and the next call
    goes on where this one was.
    """
    address = url or address_of(card)
    if address is None:
        raise WeightsError(f"{card.name} is not published anywhere; only its file can be added.")
    with _writing(), alone_with(card.name):
        known = read_ledger().get(card.name)
        if known is not None and _is_unharmed(card.name, known):
            return find_card(card.name)
        staged = _staged(card, address)
        if not staged.exists():  # else it is whole, but whoever fetched it was stopped before it was checked
            try:
                download(address, staged, progress=progress, cancelled=cancelled)
            except UnreachableError as error:
                with suppress(OSError):  # it holds a part
                    staged.parent.rmdir()
                raise UnreachableError(
                    f"{error} Without one, fetch {address} on another machine and bring the file: "
                    f"ade-mask-studio weights add FILE --name {card.name}"
                ) from error
        try:
            _enter(card, staged, url=address, wanted=partial(_check_wanted, cancelled))
        except WeightsError as error:
            shutil.rmtree(staged.parent)
            host = urlsplit(address).hostname
            raise WeightsError(f"What {host} has for {card.name} was not taken over. {error}") from error
        shutil.rmtree(staged.parent)
    return find_card(card.name)


def add(file: Path, *, name: str | None = None) -> ModelCard:
    """Copy a weights file that somebody brought into the store; gives its card, with the file in the store.

    `name` is that of a published model whose file this is, or a new one; else the name in the card beside the file, or
    that of the file, is taken. Raises `WeightsError` and `EngineError`.
    """
    readable(file)
    brought = find_card(file)
    brought.weights()  # compares the hash in a card beside the file
    card = _named(brought, name or brought.name)
    with _writing(), alone_with(card.name):
        known = read_ledger().get(card.name)
        if known is not None and known.sha256 == brought.sha256 and _is_unharmed(card.name, known):
            return find_card(card.name)
        folder = store_folder() / ".added" / card.name
        staged = folder / f"{card.name}{file.suffix.lower()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, staged)
            _enter(card, staged, url=None, values=None if card.name in _shipped() else _values_of(brought, file))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return find_card(card.name)


def verify() -> tuple[Verified, ...]:
    """Look at all weights on this machine, those that came with the program as well. Raises `WeightsError`."""
    entries = read_ledger()
    own = [_verified(card.name, card.file, card.sha256 or "") for card in shipped_models() if card.file is not None]
    found = [_verified(name, folder_of(name) / entry.file, entry.sha256) for name, entry in entries.items()]
    return (*own, *(_with_advice(one, entries[one.name]) for one in found))


def remove(name: str) -> None:
    """Take the weights of a model, and what was fetched of them so far, off this machine; its hash is forgotten.

    Raises `WeightsError`.
    """
    name = next((card.name for card in known_models() if name in (card.name, *card.aliases)), name)
    shipped = _shipped().get(name)
    if shipped is not None and shipped.file is not None:
        raise WeightsError(f"{name} came with the program and stays.")
    with _writing(), alone_with(name):
        entry = read_ledger().get(name)
        begun = store_folder() / ".fetched" / name
        if entry is None and not begun.exists():
            problem = UnknownModelError if shipped is None else WeightsError
            raise problem(f"There are no weights of {name} that were fetched or added.")
        card = next((card for card in known_models() if card.name == name), None)
        for folder in (begun, folder_of(name)):
            if folder.exists():
                shutil.rmtree(folder)
        with changed_ledger() as entries:
            entries.pop(name, None)
        if entry is not None and card is not None and isinstance(card.network, NetworkConfig):
            cached_file(entry.sha256, card.network).unlink(missing_ok=True)


def _shipped() -> dict[str, ModelCard]:
    return {card.name: card for card in shipped_models()}


def _staged(card: ModelCard, address: str) -> Path:
    """Where a download becomes whole, outside of what counts. Raises `WeightsError`."""
    try:
        suffix = PurePosixPath(urlsplit(address).path).suffix.lower()
    except ValueError as error:
        raise WeightsError(f"{address!r} is no address of a file.") from error
    if suffix not in WEIGHTS_SUFFIXES:
        raise WeightsError(f"{address!r} is no address of weights: they end in .safetensors, .pth, .pt or .onnx.")
    return folder_of(card.name).parent / ".fetched" / card.name / f"{card.name}{suffix}"


def _named(brought: ModelCard, name: str) -> ModelCard:
    """The card under which a brought file enters the store. Raises `WeightsError` where it cannot."""
    published = next((card for card in shipped_models() if name in (card.name, *card.aliases)), None)
    if published is None:
        folder_of(name)  # it can be the name of one
        return replace(brought, name=name, aliases=())
    if published.url is None:
        raise WeightsError(f"{name} is the name of the model that came with the program: give another one (--name).")
    if published.network != brought.network:
        raise WeightsError(f"These are not the weights of {published.name}: they belong to another network.")
    return published


def _values_of(brought: ModelCard, file: Path) -> dict[str, Any]:
    """What the card beside a brought file says, or what was recognised."""
    if (beside := card_beside(file)) is not None:
        values: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
        return values
    network = brought.network.to_dict()
    return {"network": network, "input_size": brought.input_size, "classes": brought.classes}


def _enter(
    card: ModelCard,
    staged: Path,
    *,
    url: str | None,
    values: dict[str, Any] | None = None,
    wanted: Callable[[], None] = lambda: None,
) -> None:
    """A file takes its place in the store after it was compared, loaded strictly and run; `values` become its card.

    `wanted` is called between the steps and may raise. Raises `WeightsError` and `EngineError`; then the store is as it
    was.
    """
    wanted()
    sha256 = sha256_of(staged)
    known = read_ledger().get(card.name)
    _compare(card, known, sha256)
    _check(replace(card, file=staged, sha256=sha256), wanted)
    folder = folder_of(card.name)
    folder.mkdir(parents=True, exist_ok=True)
    if values is not None:
        own = {"name": card.name, "aliases": [], "file": staged.name, "sha256": sha256}
        (folder / staged.name).with_suffix(".json").write_text(json.dumps({**values, **own}, indent=1), "utf-8")
    with staged.open("rb+") as file:
        os.fsync(file.fileno())
        size = os.fstat(file.fileno()).st_size
    staged.replace(folder / staged.name)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with changed_ledger() as entries:
        entries[card.name] = Entry(file=staged.name, sha256=sha256, size=size, url=_plain(url), added=now)


def _compare(card: ModelCard, known: Entry | None, sha256: str) -> None:
    if known is not None and known.sha256 != sha256:
        raise WeightsError(
            f"Its hash differs from that of the {card.name} of {known.added[:10]}; where there is a good reason, "
            f"'ade-mask-studio weights remove {card.name}' forgets the earlier one."
        )
    if card.sha256 is not None and card.sha256 != sha256:
        raise WeightsError(f"Its hash is not the one in the model card of {card.name}.")


def _check(card: ModelCard, wanted: Callable[[], None]) -> None:
    """Load the weights strictly and run them once. Raises `WeightsError` and `EngineError`."""
    wanted()
    from inference.engines import open_engine

    file = card.weights()
    graph = shipped_graph(card.network) if isinstance(card.network, NetworkConfig) else None
    if graph is not None:
        wanted()
        check_tensors(load_tensors(file), graph.tensors, path=file)
    wanted()
    open_engine(card, device="cpu")
    wanted()


def _check_wanted(cancelled: threading.Event | None) -> None:
    if cancelled is not None and cancelled.is_set():
        raise Cancelled


def _is_unharmed(name: str, entry: Entry) -> bool:
    try:
        return sha256_of(folder_of(name) / entry.file) == entry.sha256
    except WeightsError:
        return False


def _verified(name: str, path: Path, sha256: str) -> Verified:
    reason = ""
    if not path.exists():
        reason = "The file is gone."
    else:
        try:
            if sha256_of(path) != sha256:
                reason = "The file has changed: its hash differs."
            elif name not in _shipped():
                read_card(path.with_suffix(".json"))
        except WeightsError as error:
            reason = str(error)
    return Verified(name=name, path=path, ok=not reason, reason=reason or "Unharmed.")


def _with_advice(found: Verified, entry: Entry) -> Verified:
    if found.ok:
        return found
    advice = "Add it again." if entry.url is None else f"'ade-mask-studio weights fetch {found.name}' gets it again."
    return replace(found, reason=f"{found.reason} {advice}")


def _plain(url: str | None) -> str | None:
    """Without a name, a password and what stands behind a question mark, which are not to be kept."""
    if url is None:
        return None
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


@contextmanager
def _writing() -> Iterator[None]:
    """What the disk refuses is one sentence."""
    try:
        yield
    except OSError as error:
        raise WeightsError(f"{store_folder()} cannot be written to: {error.strerror or error}.") from error
