"""Finding a model by name or file, and what its card says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from inference.errors import WeightsError
from inference.figures import table_of
from inference.models import find_card, known_models, read_card
from inference.network.config import CONFIGS
from inference.weights import sha256_of

PUBLISHED = ("bisenetformer-l-ade", "bisenetformer-m-ade", "bisenetformer-s-ade")


@pytest.fixture
def brought(tmp_path: Path) -> Path:
    """The starter's weights as a person would bring a file: under another name, without a card."""
    starter = find_card("starter").file
    assert starter is not None
    return Path(shutil.copy(starter, tmp_path / "brought.safetensors"))


def test_the_names_of_the_contract_are_known() -> None:
    assert tuple(card.name for card in known_models()) == ("starter", *PUBLISHED)


@pytest.mark.parametrize("card", known_models(), ids=lambda card: card.name)
def test_every_card_says_what_people_need_to_know(card: object) -> None:
    found = find_card(card.name)
    assert found is card
    assert found.network in CONFIGS.values()
    assert found.classes == "ade20k-150"
    heading, *rows = table_of(found.figures)
    assert rows
    assert {"Checked on", "Pixels right", "Mean IoU"} <= set(heading)
    for text in (found.licence, found.trained_on, found.limits):
        assert len(text) > 10


def test_the_starter_is_here_and_unharmed() -> None:
    card = find_card("starter")
    assert card.weights() == card.file
    assert card.network == CONFIGS["bisenetformer-m-lite"]
    assert card.file is not None
    assert card.sha256 == sha256_of(card.file)


def test_an_alias_finds_the_same_card() -> None:
    assert find_card("fai-bf-m-ade") is find_card("bisenetformer-m-ade")
    assert find_card("bisenetformer-m-ade").network == CONFIGS["bisenetformer-m"]
    assert find_card("bisenetformer-m-ade").input_size == 640


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_weights_are_not_here_and_one_sentence_says_what_to_do(name: str) -> None:
    with pytest.raises(WeightsError, match=r"not on this machine.*--model FILE") as caught:
        find_card(name).weights()
    assert name in str(caught.value)
    assert "Weights file…" in str(caught.value)
    assert len(str(caught.value)) < 150  # it has to fit into a window


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(WeightsError, match="There is no model called resnet; there are starter, bisenetformer-l-ade"):
        find_card("resnet")


def test_a_missing_file_is_told_as_a_file() -> None:
    with pytest.raises(WeightsError, match=r"weights\.pth does not exist"):
        find_card("somewhere/weights.pth")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".pt"])
def test_a_bare_checkpoint_is_recognised_from_its_shapes(tmp_path: Path, brought: Path, suffix: str) -> None:
    path = tmp_path / f"mine{suffix}"
    if suffix == ".safetensors":
        brought.rename(path)
    else:
        tensors = {name: torch.from_numpy(tensor) for name, tensor in load_file(brought).items()}
        torch.save({"model": tensors}, path)
    for given in (path, str(path)):
        card = find_card(given)
        assert card.name == "mine"
        assert card.network == CONFIGS["bisenetformer-m-lite"]
        assert card.input_size == find_card("starter").input_size
        assert card.weights() == path


def test_tensors_of_another_network_are_refused(tmp_path: Path) -> None:
    save_file({"layer1.0.conv1.weight": np.zeros((64, 3, 7, 7), np.float32)}, tmp_path / "resnet.safetensors")
    with pytest.raises(WeightsError, match=r"resnet\.safetensors cannot be used: .*not belong to a BiSeNetFormer"):
        find_card(tmp_path / "resnet.safetensors")


def test_a_card_beside_the_file_describes_it(brought: Path) -> None:
    values = {
        "name": "my own",
        "file": brought.name,
        "network": find_card("starter").network.to_dict(),
        "input_size": 320,
    }
    brought.with_suffix(".json").write_text(json.dumps(values))
    card = find_card(brought)
    assert (card.name, card.input_size, card.file) == ("my own", 320, brought)
    assert card.sha256 == sha256_of(brought)
    assert card.licence == "not stated"


FOREIGN = [
    {"architectures": ["BiSeNetFormer"], "hidden_size": 256},
    {"name": "a training run"},
    {"network": "bisenetformer"},
    [1, 2],
    None,
]


@pytest.mark.parametrize("content", FOREIGN)
def test_a_json_of_another_program_beside_the_file_is_no_card(brought: Path, content: object) -> None:
    brought.with_suffix(".json").write_text(json.dumps(content))
    card = find_card(brought)
    assert (card.name, card.network) == ("brought", CONFIGS["bisenetformer-m-lite"])


def test_a_json_that_cannot_be_read_may_have_been_a_card(brought: Path) -> None:
    brought.with_suffix(".json").write_text('{"name": "mine", "network": {')
    with pytest.raises(WeightsError, match=r"brought\.json is not a usable model card: it is no JSON"):
        find_card(brought)


def test_a_file_that_changed_since_its_card_was_written(brought: Path) -> None:
    values = {"name": "mine", "network": find_card("starter").network.to_dict(), "input_size": 320, "sha256": "0" * 64}
    brought.with_suffix(".json").write_text(json.dumps(values))
    with pytest.raises(WeightsError, match=r"brought\.safetensors is not the file that its model card describes"):
        find_card(brought).weights()


def test_a_graph_needs_its_card(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"\x08\x08")
    with pytest.raises(WeightsError, match=r"net\.onnx needs its model card beside it: net\.json"):
        find_card(tmp_path / "net.onnx")
    (tmp_path / "net.json").write_text("[]")
    with pytest.raises(WeightsError, match=r"net\.onnx needs its model card beside it: net\.json"):
        find_card(tmp_path / "net.onnx")


NETWORK = CONFIGS["bisenetformer-m"].to_dict()
GOOD = {"name": "x", "network": NETWORK, "input_size": 640}


def without(values: dict[str, object], entry: str) -> dict[str, object]:
    return {name: value for name, value in values.items() if name != entry}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no json", "it is no JSON (Expecting value: line 1 column 1 (char 0))."),
        ("[" * 100_000, "it is no JSON (maximum recursion depth exceeded"),
        ("[1, 2]", "it is not a table of entries."),
        (json.dumps({**GOOD, "network": {"backbone": "resnet"}}), "lacks the entry feature_width."),
        (json.dumps({**GOOD, "network": without(NETWORK, "backbone")}), "lacks the entry backbone."),
        (json.dumps({**GOOD, "network": {**NETWORK, "backbone": "resnet"}}), "'resnet' is not a valid Backbone."),
        (json.dumps({**GOOD, "network": {**NETWORK, "backbone": []}}), "[] is not a valid Backbone."),
        (json.dumps({**GOOD, "network": {**NETWORK, "pixel_std": 58}}), "pixel_std should be three numbers."),
        (json.dumps({**GOOD, "network": {**NETWORK, "pixel_mean": [1, 2]}}), "pixel_mean should be three numbers."),
        (
            json.dumps({**GOOD, "network": {**NETWORK, "queries": 10.0}}),
            "needs a positive number for queries, not 10.0",
        ),
        (json.dumps({**GOOD, "network": 3}), "the entry network should be a table of entries."),
        (json.dumps({**GOOD, "input_size": "large"}), "the entry input_size should be a whole number or null."),
        (json.dumps({**GOOD, "input_size": True}), "the entry input_size should be a whole number or null."),
        (json.dumps({"name": "x"}), "the entry network is missing."),
        (json.dumps(without(GOOD, "name")), "the entry name is missing."),
        (json.dumps(without(GOOD, "input_size")), "the entry input_size is missing."),
        (json.dumps({**GOOD, "name": None}), "the entry name should be a text."),
        (json.dumps({**GOOD, "sha256": 3}), "the entry sha256 should be a text or null."),
        (json.dumps({**GOOD, "aliases": "x"}), "the entry aliases should be a list of texts."),
        (json.dumps({**GOOD, "aliases": ["x", 3]}), "the entry aliases should be a list of texts."),
        (json.dumps({**GOOD, "input_size": 31}), "the entry input_size should be null or lie between 32 and 8192."),
        (json.dumps({**GOOD, "input_size": 8193}), "the entry input_size should be null or lie between 32 and 8192."),
        (json.dumps({**GOOD, "input_size": 10**400}), "the entry input_size should be null or lie between"),
        (json.dumps({**GOOD, "classes": "coco-80"}), "only the 150 classes of ADE20K (ade20k-150) can be shown here."),
        (json.dumps({**GOOD, "network": {**NETWORK, "classes": 200}}), "only the 150 classes of ADE20K"),
        (json.dumps({**GOOD, "network": {**NETWORK, "queries": 300}}), "room for 100 queries, not 300."),
        (json.dumps({**GOOD, "network": {**NETWORK, "queries": 10**12}}), "has queries beyond 10000."),
        (json.dumps({**GOOD, "network": {**NETWORK, "heads": 7}}), "needs a hidden_width that heads and 4 divide."),
        (json.dumps({**GOOD, "network": {**NETWORK, "pixel_mean": [1, 2, 10**400]}}), "should be three numbers."),
        (json.dumps({**GOOD, "network": {**NETWORK, "pixel_mean": [1, 2, float("nan")]}}), "should be three numbers."),
        (json.dumps({**GOOD, "limits": "x" * 1_000_000}), "it is larger than a megabyte."),
        (json.dumps({**GOOD, "figures": [3]}), "the entry figures should be a table or a list of tables."),
    ],
    ids=lambda value: value[:60],
)
def test_a_card_that_cannot_be_used_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(WeightsError) as caught:
        read_card(tmp_path / "card.json")
    assert str(caught.value).startswith("card.json is not a usable model card: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [32, 8192, None])
def test_sizes_as_far_as_they_go_are_taken(tmp_path: Path, size: int | None) -> None:
    (tmp_path / "card.json").write_text(json.dumps({**GOOD, "input_size": size}))
    assert read_card(tmp_path / "card.json").input_size == size


def test_a_hash_may_be_written_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text(json.dumps({**GOOD, "sha256": "AB" * 32}))
    assert read_card(tmp_path / "card.json").sha256 == "ab" * 32


@pytest.mark.parametrize("name", ["a" * 300, "a" * 250 + ".pt", "a" * 300 + ".pth", "folder/" + "a" * 300])
def test_names_that_no_file_can_have_are_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError, match=r"\.$"):
        find_card(str(tmp_path / name))


def test_the_longest_name_that_a_file_can_have(tmp_path: Path, brought: Path) -> None:
    tensors = {name: torch.from_numpy(tensor) for name, tensor in load_file(brought).items()}
    torch.save(tensors, tmp_path / ("a" * 252 + ".pt"))  # its card's name would be too long
    assert find_card(tmp_path / ("a" * 252 + ".pt")).network == CONFIGS["bisenetformer-m-lite"]


def test_a_large_json_beside_the_file_is_not_even_read(brought: Path) -> None:
    brought.with_suffix(".json").write_text("[" + "1," * 600_000 + "1]")
    assert find_card(brought).name == "brought"


def test_a_closed_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    for method in ("exists", "is_file", "open"):
        monkeypatch.setattr(Path, method, denied)
    with pytest.raises(WeightsError, match="weights cannot be opened: permission denied"):
        find_card("closed/weights")


def test_a_card_cannot_point_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text(json.dumps({**GOOD, "file": "../../etc/passwd"}))
    assert read_card(tmp_path / "card.json").file == tmp_path / "passwd"


def test_a_card_says_where_a_model_comes_from(brought: Path) -> None:
    lineage = {"parent": "starter", "pictures": 12, "settings": {"scope": "head"}}
    card = {"name": "mine", "network": CONFIGS["bisenetformer-m-lite"].to_dict(), "input_size": 288}
    brought.with_suffix(".json").write_text(json.dumps(card | {"lineage": lineage}))
    assert find_card(brought).lineage == lineage
    brought.with_suffix(".json").write_text(json.dumps(card))
    assert find_card(brought).lineage == {}
    brought.with_suffix(".json").write_text(json.dumps(card | {"lineage": ["starter"]}))
    with pytest.raises(WeightsError, match="the entry lineage should be a table of entries"):
        find_card(brought)
