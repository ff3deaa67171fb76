"""What becomes of weights in the store: verified, lost, removed, and a ledger that is not what it was."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from inference import ledger, weights_store
from inference.downloads import DownloadError
from inference.errors import WeightsError
from inference.graphs import cached_file
from inference.ledger import read_ledger
from inference.models import ModelCard, find_card, known_models
from inference.weights import sha256_of
from tests.inference.publishing import SHA256, STARTER, brought, files, lite, store, web
from tests.inference.web import Web, cut_off, status

__all__ = ["brought", "lite", "store", "web"]  # fixtures

pytestmark = pytest.mark.usefixtures("store")  # nothing here touches the user's own


def test_removing_leaves_nothing_but_the_others(brought: Path, lite: ModelCard, store: Path) -> None:
    weights_store.add(brought)
    weights_store.fetch(lite)
    weights_store.remove("mine")
    assert files(store) == {"models.json", "lite-ade/lite-ade.safetensors"}
    with pytest.raises(WeightsError, match="no weights of mine that were fetched or added"):
        weights_store.remove("mine")
    with pytest.raises(WeightsError, match="There is no model called mine"):
        find_card("mine")
    with pytest.raises(WeightsError, match="came with the program and stays"):
        weights_store.remove("starter")


def test_removing_takes_the_graph_that_was_made_of_the_weights_along(
    brought: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    weights_store.add(brought)
    made = cached_file(SHA256, STARTER.network)
    made.parent.mkdir(parents=True)
    made.write_bytes(b"as large as the weights")
    weights_store.remove("mine")
    assert not made.exists()


def test_removing_gives_up_what_was_fetched_so_far(lite: ModelCard, web: Web, store: Path) -> None:
    web.answers = [cut_off(5_000_000), status(500)]
    with pytest.raises(DownloadError):
        weights_store.fetch(lite)
    weights_store.remove("lite-ade")
    assert weights_store.fetched_so_far(lite) == 0
    assert files(store) == {"models.json"}


def test_what_takes_its_place_was_on_the_disk_first(
    lite: ModelCard, brought: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: set[int] = set()
    fsync = os.fsync

    def noted(handle: int) -> None:
        written.add(os.fstat(handle).st_ino)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    for take in (lambda: weights_store.fetch(lite), lambda: weights_store.add(brought)):
        assert take().weights().stat().st_ino in written  # the very file: no copy was made of what was checked
        assert (store / "models.json").stat().st_ino in written
        written.clear()
    assert list((store / ".fetched").iterdir()) == []


def test_a_file_of_another_hash_is_not_even_opened_as_weights(lite: ModelCard, web: Web) -> None:
    weights_store.fetch(lite).weights().unlink()
    web.content, web.etag = b"anything else", '"two"'
    with pytest.raises(WeightsError, match="Its hash differs from that of the lite-ade of"):
        weights_store.fetch(lite)


def test_weights_that_were_harmed_can_be_brought_again(brought: Path) -> None:
    weights_store.add(brought).weights().write_bytes(b"harmed")
    assert weights_store.add(brought).weights().read_bytes() == brought.read_bytes()


def test_verify_tells_what_became_of_each(brought: Path, store: Path) -> None:
    weights_store.add(brought)
    weights_store.add(brought, name="second")
    (store / "mine" / "mine.json").write_text("{")
    (store / "second" / "second.safetensors").write_bytes(b"")
    said = {one.name: (one.ok, one.reason) for one in weights_store.verify()}
    assert said["starter"] == (True, "Unharmed.")
    assert not said["mine"][0]
    assert said["mine"][1].startswith("mine.json is not a usable model card")
    assert said["mine"][1].endswith("Add it again.")
    assert said["second"] == (False, "second.safetensors is empty. Add it again.")


@pytest.mark.parametrize(
    "content",
    ["{", "[]", '{"x": 1}', '{"x": {}}', '{"../x": {"file": "x", "sha256": "", "size": 1}}', "\x00", "[" * 9999],
)
def test_a_ledger_that_is_damaged_is_told_and_the_starter_goes_on(store: Path, brought: Path, content: str) -> None:
    store.mkdir()
    (store / "models.json").write_text(content)
    assert known_models()[0] == STARTER
    for refused in (weights_store.verify, lambda: weights_store.add(brought), lambda: weights_store.installed("x")):
        with pytest.raises(WeightsError, match=r"models\.json, the list of fetched weights, is damaged"):
            refused()
    assert (store / "models.json").read_text() == content


def test_a_ledger_names_no_file_outside_of_the_store(store: Path) -> None:
    store.mkdir()
    entry = {"file": "x.pth", "sha256": "0" * 64, "size": 1, "url": None, "added": "2026-11-22"}
    for name, file in (("x", "../x.pth"), ("../x", "x.pth"), ("x", "/x.pth")):
        (store / "models.json").write_text(json.dumps({name: {**entry, "file": file}}))
        with pytest.raises(WeightsError, match="damaged"):
            read_ledger()
    (store / "models.json").write_text(json.dumps({"x": entry}))
    assert read_ledger()["x"].file == "x.pth"


def test_the_store_lies_in_the_users_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ADE_MASK_STUDIO_MODELS")
    monkeypatch.setattr(ledger.platformdirs, "user_data_path", lambda *_, **__: tmp_path)
    assert weights_store.store_folder() == tmp_path / "models"


def test_what_another_program_fetched_is_seen(brought: Path, store: Path) -> None:
    before = known_models()
    weights_store.add(brought)
    content = (store / "models.json").read_text()
    (store / "models.json").unlink()
    assert known_models() == before
    (store / "models.json").write_text(content)
    assert sha256_of(find_card("mine").weights()) == SHA256
