"""What a new model may be called, what it is called unless somebody has a better name, and where its job lies."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import platformdirs

from inference.ledger import is_name
from inference.models import known_models

_OTHER = re.compile(r"[^\w.+-]+")  # characters that are in no such name
_NUMBER = re.compile(r"-\d+$")
_LONGEST = 40  # characters of each part


def job_folder(root: Path) -> Path:
    """Where the job of the project in `root` lies: with the user's data, for the folder may be read-only or small."""
    name = hashlib.blake2b(root.as_posix().encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return platformdirs.user_data_path("ade-mask-studio", appauthor=False) / "learning" / name


def refusal_of_name(name: str) -> str:
    """Why a new model cannot be called so, a sentence; empty where it can."""
    if not name:
        return "Give the new model a name."
    if not is_name(name):
        return f"{name!r} cannot be the name of a model: take letters, digits, dots, dashes and blanks."
    if name in _taken():
        return f"There is a model called {name} already: give the new one another name."
    return ""


def free_name(parent: str, folder: str) -> str:
    """A name that tells where a model comes from: "starter-castle", and "starter-castle-2" for what comes of that."""
    parent, folder = _plain(parent), _plain(folder)
    stem = _NUMBER.sub("", parent)
    base = stem if folder and stem.endswith(f"-{folder}") else "-".join(filter(None, (parent, folder))) or "learned"
    taken, name, number = _taken(), base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name


def _plain(text: str) -> str:
    return _OTHER.sub("-", text)[:_LONGEST].strip("-+.")


def _taken() -> set[str]:
    return {name for card in known_models() for name in (card.name, *card.aliases)}
