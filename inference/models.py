"""Model cards: which models there are, where their weights lie, and what is known about them.

A card is a JSON file beside the weights, with at least `name`, `network` and `input_size`; those in `resources/models`
and those in the store (`inference.weights_store`) are known by name:

    name, aliases      how people ask for it
    file, url, sha256  the weights: a file beside the card (null if not shipped), where they are published, their hash
    network            the configuration of the network, as `NetworkConfig.to_dict` writes it; for the ONNX graph of
                       another network {"kind": "onnx", "mean": […], "std": […], "none_channel": null, 0 or 150}, see
                       `inference.foreign`
    input_size         short side in pixels at which the network sees a photo; null for the photo's own size
    classes            "ade20k-150"
    figures            published or measured figures: a table or a list of tables, see `inference.figures`
    licence, trained_on, limits    in plain words
    calibration        what was done to the scores after the training, see `inference.calibration`; null: nothing
    lineage            of a model that learned from a person's corrections: its parent, data, settings and figures
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import NoneType
from typing import Any

from inference.calibration import UNCALIBRATED, Calibration
from inference.errors import EngineError, UnknownModelError, WeightsError
from inference.figures import Figures, read_figures
from inference.files import shown
from inference.foreign import KIND, ForeignGraph
from inference.graphs import cached_network
from inference.ledger import folder_of, read_ledger
from inference.network.config import NetworkConfig, UnknownNetworkError, recognise
from inference.prediction import MAXIMUM_SEGMENTS
from inference.weights import WEIGHTS_SUFFIXES, load_tensors, readable, sha256_of
from resources.classes import CLASS_COUNT

STARTER = "starter"
PUBLISHED_INPUT_SIZE = 640
INPUT_SIZES = range(32, 8193)
"""Short sides, in pixels, at which a network may see a photo."""
CLASSES = "ade20k-150"
LARGEST_CARD = 1_000_000  # bytes; ours are a few thousand


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What a person should know about a model before using it, and what the program needs to run it."""

    name: str
    network: NetworkConfig | ForeignGraph
    aliases: tuple[str, ...] = ()
    file: Path | None = None  # None: the weights are not on this machine
    url: str | None = None
    sha256: str | None = None
    input_size: int | None = PUBLISHED_INPUT_SIZE
    classes: str = CLASSES
    figures: tuple[Figures, ...] = ()
    licence: str = "not stated"
    trained_on: str = "not stated"
    limits: str = "not stated"
    calibration: Calibration = UNCALIBRATED
    lineage: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def own_network(self) -> NetworkConfig:
        """The configuration, for what can build the network from it. Raises `EngineError` for a graph of others."""
        if isinstance(self.network, ForeignGraph):
            raise EngineError(f"The network of {self.name} is known as an ONNX graph only.")
        return self.network

    def weights(self) -> Path:
        """The file with the weights, unharmed. Raises `WeightsError` where it is not here or not what it was."""
        if self.file is None:
            way = f"'ade-mask-studio weights fetch {self.name}' gets it, or " if self.url else ""
            raise WeightsError(f"{self.name} is not on this machine: {way}give 'Weights file…' or --model FILE.")
        if self.sha256 is not None and sha256_of(self.file) != self.sha256:
            raise WeightsError(f"{shown(self.file)} is not the file that its model card describes: its hash differs.")
        return self.file


@lru_cache(maxsize=1)
def shipped_models() -> tuple[ModelCard, ...]:
    """The cards that come with the program, the starter first, as if nothing had been fetched."""
    folder = Path(str(resources.files("resources").joinpath("models")))
    return _in_order(read_card(path) for path in folder.glob("*.json"))


def known_models() -> tuple[ModelCard, ...]:
    """The cards that come with the program and those of weights that were fetched or added; the starter first, then
    what is on this machine. What another program has fetched meanwhile is seen."""
    try:
        entries = read_ledger()
    except WeightsError:  # the store's own commands say so; the starter goes on working
        return shipped_models()
    files = {name: folder_of(name) / entry.file for name, entry in entries.items()}
    stored = [(name, file, file.is_file(), entries[name].sha256) for name, file in files.items()]
    return _known_models(shipped_models(), tuple(stored))


@lru_cache(maxsize=1)
def _known_models(
    shipped: tuple[ModelCard, ...], stored: tuple[tuple[str, Path, bool, str], ...]
) -> tuple[ModelCard, ...]:
    cards = {card.name: card for card in shipped}
    for name, file, is_here, sha256 in stored:
        with suppress(WeightsError):  # a card that was damaged since: 'weights verify' says so
            card = cards.get(name) or read_card(file.with_suffix(".json"))
            cards[name] = replace(card, name=name, file=file if is_here else None, sha256=sha256)
    return _in_order(cards.values())


def _in_order(cards: Iterable[ModelCard]) -> tuple[ModelCard, ...]:
    return tuple(sorted(cards, key=lambda card: (card.name != STARTER, card.file is None, card.name)))


def find_card(name_or_file: str | Path) -> ModelCard:
    """The card of a known name or alias, or of a weights file.

    A file with a card beside it (same name, `.json`) is described by that; else its network is recognised from its
    tensors. Raises `UnknownModelError` where there is neither, and `WeightsError` for a file that cannot be used.
    """
    card = known_card(name_or_file)
    return _card_of_file(Path(name_or_file)) if card is None else card


def known_card(name_or_file: str | Path) -> ModelCard | None:
    """The card of a known name or alias; None for what is a file, which is not looked into. Raises
    `UnknownModelError` where it is neither."""
    if isinstance(name_or_file, str):
        for card in known_models():
            if name_or_file in (card.name, *card.aliases):
                return card
    path = Path(name_or_file)
    if _may_exist(path):
        return None
    if path.suffix.lower() in WEIGHTS_SUFFIXES:
        raise UnknownModelError(f"{shown(path)} does not exist.")
    names = ", ".join(card.name for card in known_models())
    raise UnknownModelError(f"There is no model called {name_or_file}; there are {names}, or give a weights file.")


def _may_exist(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a closed folder, a name too long: opening the file will say so
        return True


def _has_size_of_card(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size <= LARGEST_CARD
    except OSError:  # there is none under a name that is too long
        return False


def read_card(path: Path) -> ModelCard:
    """A card from its JSON file. Raises `WeightsError`, naming the first entry that is missing or of a wrong kind."""
    values = _content(path)
    try:
        return _card(values, folder=path.parent)
    except WeightsError as error:
        raise WeightsError(f"{shown(path)} is not a usable model card: {error}") from error


def _content(path: Path) -> Any:
    readable(path)
    try:
        if path.stat().st_size > LARGEST_CARD:
            raise WeightsError(f"{shown(path)} is not a usable model card: it is larger than a megabyte.")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WeightsError(f"{shown(path)} cannot be opened: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{shown(path)} is not a usable model card: it is no JSON ({error}).") from error


def _is_card(content: Any) -> bool:
    """Many programs write a JSON beside their weights; one of ours names a model and its network."""
    return isinstance(content, dict) and "name" in content and "network" in content


_TEXTS = ("classes", "licence", "trained_on", "limits")
_KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "name": ((str,), "a text"),
    "network": ((dict,), "a table of entries"),
    "input_size": ((int, NoneType), "a whole number or null"),
    "aliases": ((list,), "a list of texts"),
    "figures": ((dict, list), "a table or a list of tables"),
    "calibration": ((dict, NoneType), "a table of entries or null"),
    "lineage": ((dict,), "a table of entries"),
    **dict.fromkeys(("file", "url", "sha256", *_TEXTS), ((str, NoneType), "a text or null")),
}
_OTHER_CLASSES = f"only the {CLASS_COUNT} classes of ADE20K ({CLASSES}) can be shown here."
_REQUIRED = ("name", "network", "input_size")


def _card(values: Any, *, folder: Path) -> ModelCard:
    if not isinstance(values, dict):
        raise WeightsError("it is not a table of entries.")
    for entry in _REQUIRED:
        if entry not in values:
            raise WeightsError(f"the entry {entry} is missing.")
    for entry, (kinds, wanted) in _KINDS.items():
        if entry in values and (not isinstance(values[entry], kinds) or isinstance(values[entry], bool)):
            raise WeightsError(f"the entry {entry} should be {wanted}.")
    figures, aliases, input_size = values.get("figures", {}), values.get("aliases", []), values["input_size"]
    if isinstance(figures, list) and not all(isinstance(record, dict) for record in figures):
        raise WeightsError(f"the entry figures should be {_KINDS['figures'][1]}.")
    if not all(isinstance(alias, str) for alias in aliases):
        raise WeightsError("the entry aliases should be a list of texts.")
    if input_size is not None and input_size not in INPUT_SIZES:
        raise WeightsError("the entry input_size should be null or lie between 32 and 8192.")
    network = _network(values["network"])
    if (values.get("classes") or CLASSES) != CLASSES:
        raise WeightsError(_OTHER_CLASSES)
    texts = {name: values[name] for name in _TEXTS if values.get(name)}
    return ModelCard(
        name=values["name"],
        aliases=tuple(aliases),
        file=folder / Path(values["file"]).name if values.get("file") else None,
        url=values.get("url"),
        sha256=values["sha256"].lower() if values.get("sha256") else None,
        network=network,
        input_size=input_size,
        figures=read_figures(figures),
        calibration=Calibration.from_dict(values.get("calibration") or {}),
        lineage=values.get("lineage", {}),
        **texts,
    )


def card_beside(path: Path) -> Path | None:
    """The model card beside a weights file, if that is one and describes this file. Raises `WeightsError` where it
    cannot be told."""
    beside = path.with_suffix(".json")
    if _has_size_of_card(beside) and _is_card(_content(beside)):
        card = read_card(beside)
        if card.file is None or card.file.name == path.name:
            return beside
    return None


def _network(values: Mapping[str, Any]) -> NetworkConfig | ForeignGraph:
    if values.get("kind") == KIND:
        return ForeignGraph.from_dict(values)
    network = NetworkConfig.from_dict(values)
    if network.classes != CLASS_COUNT:
        raise WeightsError(_OTHER_CLASSES)
    if network.queries > MAXIMUM_SEGMENTS:
        raise WeightsError(f"a network layer has room for {MAXIMUM_SEGMENTS} queries, not {network.queries}.")
    return network


def _card_of_file(path: Path) -> ModelCard:
    readable(path)
    if (beside := card_beside(path)) is not None:
        card = read_card(beside)
        if isinstance(card.network, ForeignGraph) and path.suffix.lower() != ".onnx":
            raise WeightsError(f"{shown(path)} cannot be used: a network of kind {KIND} lies in an .onnx file.")
        return replace(card, file=path, sha256=card.sha256 or sha256_of(path))
    if path.suffix.lower() == ".onnx":
        raise WeightsError(f"{shown(path)} needs its model card beside it: {path.with_suffix('.json').name}.")
    sha256 = sha256_of(path)
    network = cached_network(sha256) or _recognised(path)
    input_size = next((card.input_size for card in shipped_models() if card.network == network), PUBLISHED_INPUT_SIZE)
    return ModelCard(name=path.stem, file=path, sha256=sha256, network=network, input_size=input_size)


def _recognised(path: Path) -> NetworkConfig:
    try:
        return recognise({name: tuple(tensor.shape) for name, tensor in load_tensors(path).items()})
    except UnknownNetworkError as error:
        raise WeightsError(f"{shown(path)} cannot be used: {error}") from error
