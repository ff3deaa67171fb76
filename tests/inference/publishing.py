"""A model that is published on a server of this machine, small and read without torch: the starter's network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from inference import models, weights_store
from inference.downloads import Patience
from inference.models import ModelCard, find_card
from tests.inference.serving import serving
from tests.inference.web import Web

STARTER = find_card("starter")
assert STARTER.file is not None
CONTENT = STARTER.file.read_bytes()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of the test's own, with little patience, where nothing is run: that takes a second each time."""
    monkeypatch.setenv("ADE_MASK_STUDIO_MODELS", str(tmp_path / "store"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr("inference.engines.open_engine", lambda *_, **__: None)
    monkeypatch.setattr("inference.downloads.PATIENCE", Patience(silence=30, attempts=1, pause=0.001))
    return tmp_path / "store"


@pytest.fixture
def web() -> Iterator[Web]:
    with serving(Web(CONTENT)) as web:
        yield web


@pytest.fixture
def lite(web: Web, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    """The card of `lite-ade`, which the program then knows as one of its own."""
    url = web.url("/models/lite-ade/model_final.safetensors")
    card = replace(STARTER, name="lite-ade", aliases=("lite",), file=None, sha256=None, url=url)
    shipped = (*models.shipped_models(), card)
    for module in (models, weights_store):
        monkeypatch.setattr(module, "shipped_models", lambda: shipped)
    return card


@pytest.fixture
def brought(tmp_path: Path) -> Path:
    """The file that a person has from elsewhere."""
    path = tmp_path / "elsewhere" / "mine.safetensors"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


def files(folder: Path) -> set[str]:
    """What lies in the store, locks aside."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {path for path in found if not path.endswith(".lock")}
