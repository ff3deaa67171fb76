"""The 150 classes of ADE20K SceneParse: names, synonyms, colours and how well the published models know each one.

Ids count from 1 (wall) to 150 (flag), as in ADE20K annotation files; 0 means unlabelled and is no class. A class is
always keyed by its id: several classes share synonyms ("screen", "ground", "counter").
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

CLASS_COUNT = 150


class UnknownClassError(KeyError):
    """A class id outside 1..150; its message is one plain sentence."""

    def __str__(self) -> str:  # KeyError would show the sentence in quotes
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class AdeClass:
    """One class of ADE20K SceneParse.

    `color` is RGB 0..255. `ratio` is the class's share of all labelled ADE20K pixels, 0..1. `iou` and `acc` are the
    published figures in percent on the ADE20K validation set, by model size "s", "m" and "l"; the sources stand in
    `ade20k.json`.
    """

    id: int
    name: str
    full_name: str
    synonyms: tuple[str, ...]
    color: tuple[int, int, int]
    ratio: float
    iou: Mapping[str, float] = field(hash=False)
    acc: Mapping[str, float] = field(hash=False)


@lru_cache(maxsize=1)
def ade_classes() -> tuple[AdeClass, ...]:
    """All 150 classes in the order of their ids; index = id - 1."""
    text = resources.files("resources").joinpath("ade20k.json").read_text(encoding="utf-8")
    return tuple(
        AdeClass(
            id=row["id"],
            name=row["name"],
            full_name=row["full_name"],
            synonyms=tuple(row["synonyms"]),
            color=(row["color"][0], row["color"][1], row["color"][2]),
            ratio=row["ratio"],
            iou=MappingProxyType(row["iou"]),
            acc=MappingProxyType(row["acc"]),
        )
        for row in json.loads(text)["classes"]
    )


def ade_class(class_id: int) -> AdeClass:
    """The class with this id, 1..150. Raises `UnknownClassError`, a `KeyError`, for any other number."""
    if not 1 <= class_id <= CLASS_COUNT:
        raise UnknownClassError(f"{class_id} is not an ADE20K class: ids go from 1 to {CLASS_COUNT}.")
    return ade_classes()[class_id - 1]


def palette() -> NDArray[np.uint8]:
    """(256, 3) uint8 RGB: row 0 black (unlabelled), rows 1..150 the usual ADE20K colours, the rest black.

    Classes 7 and 49 have the same colour, so a coloured picture cannot be turned back into labels.
    """
    table = np.zeros((256, 3), np.uint8)
    table[1 : CLASS_COUNT + 1] = [entry.color for entry in ade_classes()]
    return table


def search(query: str) -> list[AdeClass]:
    """The classes that match what a person typed, best first; all of them for an empty query.

    Ids, names and synonyms are searched without regard to case and accents. Order: the exact id, then exact names,
    then exact synonyms, then what begins with the query, then what has a word that begins with it, then what
    contains it; by id within each group.
    """
    wanted = _folded(query)
    if not wanted:
        return list(ade_classes())
    ranked = [(rank, entry) for entry in ade_classes() if (rank := _rank(entry, wanted)) is not None]
    return [entry for _, entry in sorted(ranked, key=lambda pair: pair[0])]


def _rank(entry: AdeClass, wanted: str) -> int | None:
    """How well the folded query fits the class: 0 is best, None is not at all."""
    number = str(entry.id)
    name, *synonyms = _terms(entry)
    terms = (name, *synonyms)
    checks = (
        wanted == number,
        wanted == name,
        wanted in synonyms,
        name.startswith(wanted),
        number.startswith(wanted) or any(term.startswith(wanted) for term in synonyms),
        any(f" {wanted}" in term for term in terms),
        any(wanted in term for term in terms),
    )
    return next((rank for rank, fits in enumerate(checks) if fits), None)


@lru_cache(maxsize=CLASS_COUNT)
def _terms(entry: AdeClass) -> tuple[str, ...]:
    """The folded name, then the folded synonyms."""
    return tuple(_folded(term) for term in (entry.name, *entry.synonyms))


def _folded(text: str) -> str:
    """Lower case, without accents, hyphens as spaces, single spaces."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return " ".join(plain.replace("-", " ").split())
