"""Weights that are fetched from a server on this machine or brought as a file, and what is refused."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pickle
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

import inference.engines
from inference import weights_store
from inference.downloads import DownloadError, UnreachableError
from inference.errors import Cancelled, EngineError, WeightsError
from inference.ledger import alone_with, read_ledger
from inference.models import ModelCard, find_card, known_models
from tests.inference.publishing import CONTENT, SHA256, STARTER, brought, files, lite, store, web
from tests.inference.web import Web, cut_off, status, whole

__all__ = ["brought", "lite", "store", "web"]  # fixtures

pytestmark = pytest.mark.usefixtures("store")  # nothing here touches the user's own

OPEN_ENGINE = inference.engines.open_engine


def other_weights() -> dict[str, np.ndarray]:
    """As good as the starter's, and not the same."""
    tensors = load_file(STARTER.file)
    tensors["head.predictor.query_feat.weight"] = tensors["head.predictor.query_feat.weight"] * 0.5
    return tensors


def test_published_weights_are_fetched_once_and_known_by_name(lite: ModelCard, web: Web, store: Path) -> None:
    assert weights_store.installed("lite-ade") is None
    told: list[int] = []
    card = weights_store.fetch(lite, progress=lambda progress: told.append(progress.done))
    assert told[-1] == len(CONTENT)
    assert card == find_card("lite-ade") == find_card("lite")
    assert card in known_models()
    assert card.weights() == weights_store.installed("lite-ade") == store / "lite-ade" / "lite-ade.safetensors"
    assert (card.sha256, card.licence) == (SHA256, lite.licence)
    assert files(store) == {"models.json", "lite-ade/lite-ade.safetensors"}
    entry = read_ledger()["lite-ade"]
    assert (entry.sha256, entry.size, entry.url) == (SHA256, len(CONTENT), lite.url)
    assert weights_store.fetch(card) == card
    assert len(web.requests) == 1


def test_the_starter_stays_the_first_of_the_known_models(lite: ModelCard) -> None:
    weights_store.fetch(lite)
    assert [card.name for card in known_models()][:3] == ["starter", "lite-ade", "bisenetformer-l-ade"]


def test_the_smallest_published_model_from_a_mirror(
    web: Web, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is published: a checkpoint of PyTorch, nested, with a tensor of the training loss."""
    from inference.network.bisenetformer import BiSeNetFormer

    monkeypatch.setattr("inference.engines.open_engine", OPEN_ENGINE)
    published = find_card("bisenetformer-s-ade")
    torch.manual_seed(0)
    tensors = {**BiSeNetFormer(published.network).state_dict(), "head.criterion.empty_weight": torch.ones(151)}
    torch.save({"model": tensors}, tmp_path / "model_final.pth")
    web.content = (tmp_path / "model_final.pth").read_bytes()
    monkeypatch.setenv("ADE_MASK_STUDIO_WEIGHTS_URL", web.url("/mirror/"))
    assert weights_store.address_of(published) == web.url("/mirror/bisenetformer-s-ade/model_final.pth")
    web.answers = [cut_off(20_000_000), whole]
    card = weights_store.fetch(published)
    assert web.paths == ["/mirror/bisenetformer-s-ade/model_final.pth"] * 2
    assert card.file == store / "bisenetformer-s-ade" / "bisenetformer-s-ade.pth"
    assert card.figures == published.figures
    estimated = weights_store.expected_size(published)
    assert estimated is not None
    assert estimated == pytest.approx(len(web.content), rel=0.02)


def test_weights_that_were_harmed_are_fetched_again(lite: ModelCard, web: Web) -> None:
    card = weights_store.fetch(lite)
    assert card.file is not None
    card.file.write_bytes(CONTENT[:-1])
    assert [one.ok for one in weights_store.verify()] == [True, False]
    weights_store.fetch(card)
    assert [one.ok for one in weights_store.verify()] == [True, True]
    assert len(web.requests) == 2


def test_weights_whose_file_was_lost_are_not_here_but_their_hash_is_known(
    lite: ModelCard, web: Web, tmp_path: Path
) -> None:
    file = weights_store.fetch(lite).file
    assert file is not None
    file.unlink()
    assert find_card("lite-ade").file is None
    lost = weights_store.verify()[1]
    assert (lost.ok, lost.reason) == (
        False,
        "The file is gone. 'ade-mask-studio weights fetch lite-ade' gets it again.",
    )
    save_file(other_weights(), tmp_path / "other.safetensors")
    web.content, web.etag = (tmp_path / "other.safetensors").read_bytes(), '"two"'
    with pytest.raises(WeightsError, match=r"127\.0\.0\.1 has for lite-ade was not taken over\. Its hash differs from"):
        weights_store.fetch(lite)
    assert find_card("lite-ade").file is None
    weights_store.remove("lite")
    assert weights_store.fetch(lite).sha256 == hashlib.sha256(web.content).hexdigest()


def test_a_hash_in_the_card_is_compared_at_the_first_download(lite: ModelCard, store: Path) -> None:
    with pytest.raises(WeightsError, match="not the one in the model card of lite-ade"):
        weights_store.fetch(replace(lite, sha256="0" * 64))
    assert files(store) == set()


def harmful() -> bytes:
    class Harmful:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, ("harm",)

    return pickle.dumps({"model": Harmful()}, protocol=2)


def test_code_in_a_checkpoint_is_not_run(
    lite: ModelCard, web: Web, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    web.content = harmful()
    card = replace(lite, url=web.url("/models/lite-ade/model_final.pth"))
    with pytest.raises(WeightsError, match=r"holds something beside tensors .*nothing in it was run"):
        weights_store.fetch(card)
    (tmp_path / "mine.pth").write_bytes(harmful())
    with pytest.raises(WeightsError, match="nothing in it was run"):
        weights_store.add(tmp_path / "mine.pth")
    assert not (tmp_path / "harm").exists()
    assert files(store) == set()


def test_weights_of_another_network_are_refused(web: Web, store: Path, brought: Path) -> None:
    published = find_card("bisenetformer-m-ade")
    with pytest.raises(WeightsError, match=r"was not taken over\. bisenetformer-m-ade\.safetensors lacks the tensor"):
        weights_store.fetch(published, url=web.url("/m.safetensors"))
    with pytest.raises(WeightsError, match="not the weights of bisenetformer-m-ade: they belong to another network"):
        weights_store.add(brought, name="fai-bf-m-ade")
    assert files(store) == set()


def test_weights_that_only_look_right_are_run_before_they_are_taken(
    lite: ModelCard, web: Web, store: Path, tmp_path: Path
) -> None:
    tensors = load_file(STARTER.file)
    tensors["pixel_decoder.conv_out.conv.weight"] = np.full_like(tensors["pixel_decoder.conv_out.conv.weight"], np.nan)
    save_file(tensors, tmp_path / "burnt.safetensors")
    with pytest.raises(WeightsError, match="not finite"):
        weights_store.add(tmp_path / "burnt.safetensors")
    web.content = CONTENT[:-1000]
    with pytest.raises(WeightsError, match=r"not taken over\. lite-ade\.safetensors is cut off"):
        weights_store.fetch(lite)
    assert files(store) == set()


def test_a_model_that_does_not_run_is_not_taken(
    lite: ModelCard, brought: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str | None, str]] = []

    def refuse(card: ModelCard, *, device: str) -> None:
        opened.append((card.sha256, device))
        raise WeightsError("It does not run.")

    monkeypatch.setattr("inference.engines.open_engine", refuse)
    for take in (lambda: weights_store.fetch(lite), lambda: weights_store.add(brought)):
        with pytest.raises(WeightsError, match="It does not run"):
            take()
    assert opened == [(SHA256, "cpu")] * 2
    assert files(store) == set()


def test_weights_that_nothing_can_run_at_the_moment_need_not_be_fetched_again(
    lite: ModelCard, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise EngineError("There is no memory.")

    with monkeypatch.context() as patch:
        patch.setattr("inference.engines.open_engine", refuse)
        with pytest.raises(EngineError, match="no memory"):
            weights_store.fetch(lite)
    assert weights_store.installed("lite-ade") is None
    weights_store.fetch(lite)
    assert len(web.requests) == 1


def test_a_download_that_was_stopped_is_gone_on_with(lite: ModelCard, web: Web) -> None:
    cancelled = threading.Event()
    web.answers = [cut_off(5_000_000), status(500), whole]
    with pytest.raises(DownloadError, match="trouble of its own"):
        weights_store.fetch(lite)
    assert weights_store.fetched_so_far(lite) == 5_000_000
    with pytest.raises(Cancelled):
        weights_store.fetch(lite, cancelled=cancelled, progress=lambda _: cancelled.set())
    so_far = weights_store.fetched_so_far(lite)
    assert so_far >= 5_000_000
    assert weights_store.fetch(lite).sha256 == SHA256
    assert web.requests[-1]["Range"] == f"bytes={so_far}-"
    assert weights_store.fetched_so_far(lite) == 0


def test_what_was_fetched_but_never_checked_is_not_fetched_again(
    lite: ModelCard, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(weights_store, "_enter", killed)
        with pytest.raises(KeyboardInterrupt):
            weights_store.fetch(lite)
    assert weights_store.fetch(lite).sha256 == SHA256
    assert len(web.requests) == 1


def test_without_a_network_the_way_around_is_told(lite: ModelCard, store: Path) -> None:
    nowhere = "http://127.0.0.1:1/lite-ade/model_final.safetensors"
    with pytest.raises(UnreachableError) as caught:
        weights_store.fetch(lite, url=nowhere)
    said = str(caught.value)
    assert said.startswith("127.0.0.1 cannot be reached (")
    assert said.endswith(
        f"is there a network? Without one, fetch {nowhere} on another machine and bring the file: "
        "ade-mask-studio weights add FILE --name lite-ade"
    )
    assert {path.name for path in store.glob("*/*")} == set()


def test_a_model_that_is_not_published_cannot_be_fetched() -> None:
    with pytest.raises(WeightsError, match="starter is not published anywhere"):
        weights_store.fetch(STARTER)


def test_an_address_of_something_else(lite: ModelCard) -> None:
    for url in ("http://127.0.0.1:1/weights.zip", "http://[/"):
        with pytest.raises(WeightsError, match="is no address of"):
            weights_store.fetch(lite, url=url)


def test_an_address_of_something_else_is_no_reason_not_to_list_a_model(lite: ModelCard) -> None:
    assert weights_store.fetched_so_far(replace(lite, url="http://127.0.0.1:1/weights.zip")) == 0


def test_names_and_passwords_of_a_mirror_are_not_kept(lite: ModelCard, web: Web) -> None:
    address = web.url("/lite-ade/x.safetensors?token=secret").replace("http://", "http://me:secret@")
    weights_store.fetch(lite, url=address)
    assert read_ledger()["lite-ade"].url == web.url("/lite-ade/x.safetensors")


def test_two_at_once_do_not_write_into_the_same_file(lite: ModelCard, web: Web) -> None:
    with alone_with("lite-ade"), pytest.raises(WeightsError, match="lite-ade is being fetched, added or removed by an"):
        weights_store.fetch(lite)
    assert web.requests == []


def test_a_file_is_added_under_its_own_name(brought: Path, store: Path) -> None:
    card = weights_store.add(brought)
    assert card == find_card("mine")
    assert card.weights() == store / "mine" / "mine.safetensors"
    assert (card.network, card.input_size, card.licence) == (STARTER.network, STARTER.input_size, "not stated")
    assert replace(find_card(store / "mine" / "mine.safetensors"), aliases=()) == card
    assert brought.read_bytes() == CONTENT
    assert weights_store.add(brought) == card
    assert read_ledger()["mine"].url is None


def test_the_card_beside_a_file_comes_with_it(brought: Path) -> None:
    values = {"name": "of my own", "aliases": ["lite"], "input_size": 320, "licence": "mine", "figures": {"miou": 12.5}}
    lineage = {"parent": "starter", "pictures": 12, "settings": {"scope": "head"}}
    content = {**values, "network": STARTER.network.to_dict(), "sha256": SHA256, "lineage": lineage}
    brought.with_suffix(".json").write_text(json.dumps(content))
    card = weights_store.add(brought)
    assert card.lineage == find_card("of my own").lineage == lineage
    assert (card.name, card.aliases, card.input_size, card.licence) == ("of my own", (), 320, "mine")
    assert card.figures[0].measures == {"mean IoU": "12.5\N{NO-BREAK SPACE}%"}
    assert weights_store.add(brought, name="again").name == "again"
    brought.with_suffix(".json").write_text(json.dumps({**content, "sha256": "0" * 64}))
    with pytest.raises(WeightsError, match="not the file that its model card describes"):
        weights_store.add(brought, name="a third")


def test_the_file_of_a_published_model_can_be_brought(brought: Path, lite: ModelCard, web: Web, store: Path) -> None:
    card = weights_store.add(brought, name="lite")
    assert card == find_card("lite-ade")
    assert card.licence == lite.licence
    assert files(store) == {"models.json", "lite-ade/lite-ade.safetensors"}
    assert weights_store.fetch(lite) == card
    assert web.requests == []


def test_another_file_of_a_name_that_is_taken_is_refused(brought: Path, tmp_path: Path) -> None:
    weights_store.add(brought)
    (tmp_path / "other").mkdir()
    save_file(other_weights(), tmp_path / "other" / "mine.safetensors")
    with pytest.raises(WeightsError, match=r"differs from that of the mine of 20.* weights remove mine' forgets"):
        weights_store.add(tmp_path / "other" / "mine.safetensors")
    assert find_card("mine").weights().read_bytes() == CONTENT


@pytest.mark.parametrize("name", ["starter", "../mine", "a/b", ".hidden", "", "mine.", "x" * 101, "a\nb", "CON/"])
def test_names_that_cannot_be_taken(brought: Path, store: Path, name: str) -> None:
    brought.with_suffix(".json").write_text(
        json.dumps({"name": name, "network": STARTER.network.to_dict(), "input_size": 320})
    )
    with pytest.raises(WeightsError, match=r"cannot be the name of a model|came with the program"):
        weights_store.add(brought)
    assert files(store) == set()


def test_a_file_that_is_too_large_is_not_read(brought: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.weights.LARGEST", 1_000_000)
    with pytest.raises(WeightsError, match=r"mine\.safetensors is larger than 1\.0 MB"):
        weights_store.add(brought)


def test_what_is_no_weights_file(tmp_path: Path) -> None:
    (tmp_path / "page.pth").write_text("<html>")
    (tmp_path / "notes.txt").write_text("notes")
    for name, said in {"page.pth": "a web page", "notes.txt": "should end in", "none.pth": "does not exist"}.items():
        with pytest.raises(WeightsError, match=said):
            weights_store.add(tmp_path / name)


def test_a_disk_that_is_full_changes_nothing(brought: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(weights_store.shutil, "copyfile", full)
    with pytest.raises(WeightsError, match="cannot be written to: No space left on device"):
        weights_store.add(brought)
    assert files(store) == set()
