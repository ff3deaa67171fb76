"""Graphs of other people: what their cards say, and planes of classes that become queries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.composition import compose, compose_plain
from inference.errors import EngineError, WeightsError
from inference.foreign import ForeignGraph, ForeignPort, Value, as_queries
from inference.models import find_card, read_card
from inference.prediction import Prediction

NETWORK: dict[str, Any] = {"kind": "onnx", "mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}
GOOD: dict[str, Any] = {"name": "mine", "network": NETWORK, "input_size": 512}


def test_a_card_tells_what_the_file_does_not(tmp_path: Path) -> None:
    (tmp_path / "mine.onnx").write_bytes(b"\x08\x08")
    (tmp_path / "mine.json").write_text(json.dumps({**GOOD, "network": {**NETWORK, "none_channel": 150}}))
    card = find_card(tmp_path / "mine.onnx")
    assert card.network == ForeignGraph(mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375), none_channel=150)
    assert (card.name, card.input_size, card.file) == ("mine", 512, tmp_path / "mine.onnx")
    assert ForeignGraph.from_dict(json.loads(json.dumps(card.network.to_dict()))) == card.network
    with pytest.raises(EngineError, match=r"The network of mine is known as an ONNX graph only\."):
        _ = card.own_network


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mean": None}, "the entry mean should be three numbers."),
        ({"mean": [1, 2]}, "the entry mean should be three numbers."),
        ({"mean": [1, 2, "3"]}, "the entry mean should be three numbers."),
        ({"mean": [1, 2, True]}, "the entry mean should be three numbers."),
        ({"std": [1, 2, float("nan")]}, "the entry std should be three numbers."),
        ({"std": [1, 2, 10**400]}, "the entry std should be three numbers."),
        ({"std": [58, 57, 0]}, "the entry std is too small for colours from 0 to 255"),
        ({"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}, "multiply a mean and std for 0 to 1 by 255."),
        ({"none_channel": 1}, "the entry none_channel should be null, 0 or 150."),
        ({"none_channel": False}, "the entry none_channel should be null, 0 or 150."),
        ({"none_channel": "0"}, "the entry none_channel should be null, 0 or 150."),
        ({"none_channel": []}, "the entry none_channel should be null, 0 or 150."),
        ({"layout": "NHWC"}, "the network of kind onnx has an unknown entry: layout."),
    ],
    ids=str,
)
def test_a_card_that_cannot_be_used_is_told(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    (tmp_path / "card.json").write_text(json.dumps({**GOOD, "network": {**NETWORK, **change}}))
    with pytest.raises(WeightsError) as caught:
        read_card(tmp_path / "card.json")
    assert str(caught.value).startswith("card.json is not a usable model card: ")
    assert said in str(caught.value)


@pytest.mark.parametrize("entry", ["mean", "std"])
def test_the_normalisation_is_never_guessed(tmp_path: Path, entry: str) -> None:
    network = {name: value for name, value in NETWORK.items() if name != entry}
    (tmp_path / "card.json").write_text(json.dumps({**GOOD, "network": network}))
    with pytest.raises(WeightsError, match=f"the network of kind onnx lacks the entry {entry}"):
        read_card(tmp_path / "card.json")


def test_other_classes_are_refused_here_too(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text(json.dumps({**GOOD, "classes": "coco-80"}))
    with pytest.raises(WeightsError, match="only the 150 classes of ADE20K"):
        read_card(tmp_path / "card.json")


def test_a_graph_lies_in_an_onnx_file(tmp_path: Path) -> None:
    (tmp_path / "mine.safetensors").write_bytes(b"not looked into")
    (tmp_path / "mine.json").write_text(json.dumps(GOOD))
    with pytest.raises(WeightsError, match=r"mine\.safetensors cannot be used: .* lies in an \.onnx file\."):
        find_card(tmp_path / "mine.safetensors")


# --- planes of classes as queries ----------------------------------------------------------------------------------

SMALL = st.integers(1, 6)


@st.composite
def planes(draw: st.DrawFn, *, channels: int) -> np.ndarray:
    """Probabilities (channels, h, w): some classes likely, some never, with ties where `levels` is small."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    height, width, levels = draw(SMALL), draw(SMALL), draw(st.sampled_from([2, 5, 10_000]))
    likely = draw(st.integers(1, channels))
    logits = np.full((channels, height, width), -40.0)
    rows = random.permutation(channels)[:likely]
    logits[rows] = random.integers(0, levels, (likely, height, width)) * (draw(st.sampled_from([1, 8])) / levels)
    powers = np.exp(logits)
    return (powers / powers.sum(axis=0)).astype(np.float32)


def composed(answer: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return np.asarray(answer[1] * answer[0].max(axis=1)[:, None, None], np.float32)


def is_nearly_largest(probabilities: np.ndarray, winners: np.ndarray) -> bool:
    """Whether at each pixel the winner (H, W) is the largest plane, but for what rounding can make of equal ones."""
    height, width = winners.shape
    sizes = (height, width)
    resized = np.stack([_resized(plane, sizes) for plane in probabilities])
    won = np.take_along_axis(resized, winners[None].astype(np.intp), axis=0)[0]
    return bool((resized.max(axis=0) - won <= 1e-6).all())


def _resized(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    def weights(pixels: int, centres: int) -> np.ndarray:
        at = np.clip((np.arange(pixels) + 0.5) * centres / pixels - 0.5, 0, centres - 1)
        return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(centres)))

    return weights(size[0], plane.shape[0]) @ plane.astype(np.float64) @ weights(size[1], plane.shape[1]).T


@settings(max_examples=70, deadline=None)
@given(planes(channels=150), st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_the_largest_class_stays_the_largest_at_every_pixel(probabilities: np.ndarray, size: tuple[int, int]) -> None:
    class_probs, masks = as_queries(probabilities, none_channel=None)
    assert class_probs.shape[1] == 150
    assert len(class_probs) == len(masks) <= 100
    assert class_probs.dtype == masks.dtype == np.float32
    assert 0 <= class_probs.min() <= class_probs.max() <= 1
    assert 0 <= masks.min() <= masks.max() <= 1
    assert ((class_probs > 0).sum(axis=1) == 1).all()
    labels = Prediction(class_probs, masks, size).labels(threshold=0).astype(np.intp) - 1
    if len(np.unique(probabilities.argmax(axis=0))) < 100 and len(class_probs) < 100:
        assert is_nearly_largest(probabilities, labels)
    cells = Prediction(class_probs, masks, masks.shape[1:]).labels(threshold=0).astype(np.intp) - 1
    if len(class_probs) < 100:  # in the cells themselves not even rounding changes anything
        np.testing.assert_array_equal(cells, probabilities.argmax(axis=0))


@settings(max_examples=70, deadline=None)
@given(
    planes(channels=151),
    st.sampled_from([0, 150]),
    st.floats(0, 0.9),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_what_is_no_class_stays_unlabelled(
    probabilities: np.ndarray, none: int, share: float, size: tuple[int, int]
) -> None:
    random = np.random.default_rng(0)
    where = random.random(probabilities.shape[1:]) < 0.5
    mixed = probabilities * np.where(where, np.float32(1 - share), np.float32(1))
    mixed[none] += np.where(where, np.float32(share), np.float32(0))
    answer = as_queries(mixed, none_channel=none)
    assert len(answer[0]) <= 100
    assert answer[1].max() <= 1
    if len(answer[0]) == 100:
        return
    winners = compose(composed(answer), size=size)
    classes, scores = answer[0].argmax(axis=1), answer[0].max(axis=1)
    labels = Prediction(*answer, size).labels(threshold=0.5)
    cells = compose(composed(answer), size=answer[1].shape[1:])
    wanted = mixed.argmax(axis=0)
    real = wanted != none
    np.testing.assert_array_equal(classes[cells][real], wanted[real] - (none == 0))
    own = [row for row in range(len(classes)) if (cells[~real] == row).any()]
    assert len(own) == (1 if (~real).any() else 0)  # one query for all that is no class, and for nothing else
    assert all(scores[row] <= 0.5 for row in own)
    for row in own:
        assert (labels[winners == row] == 0).all()
        assert not (cells[real] == row).any()


def test_equal_classes_go_to_the_lower_one_everywhere() -> None:
    """Scores differ, so products are rounded differently; the lower class must win all the same."""
    random = np.random.default_rng(0)
    probabilities = np.zeros((150, 20, 20), np.float32)
    probabilities[7] = random.random((20, 20), np.float32) * 0.3
    probabilities[3] = probabilities[7]
    probabilities[7, 0, 0] = 0.9
    probabilities[3, 0, 1] = probabilities[3, 0, 1] + np.float32(0.4)
    labels = Prediction(*as_queries(probabilities, none_channel=None), (140, 140)).labels(threshold=0) - 1
    np.testing.assert_array_equal(labels, compose_plain(probabilities, size=(140, 140)))
    assert set(np.unique(labels)) == {3, 7}


def test_of_more_than_100_classes_the_largest_stay() -> None:
    probabilities = np.full((150, 40, 40), 1e-3, np.float32)
    owners = np.repeat(np.arange(150), 10)
    owners = np.concatenate([owners, np.repeat(np.arange(0, 150, 2), 2)[:100]])[:1600].reshape(40, 40)
    np.put_along_axis(probabilities, owners[None], 0.8, axis=0)
    class_probs, _ = as_queries(probabilities, none_channel=None)
    kept = class_probs.argmax(axis=1)
    areas = np.bincount(owners.ravel(), minlength=150)
    assert len(kept) == 100
    left_out = np.setdiff1d(np.arange(150), kept)
    assert areas[left_out].max() <= areas[kept].min()


def test_a_class_that_wins_between_cells_only_is_kept() -> None:
    probabilities = np.zeros((150, 1, 2), np.float32)
    probabilities[:, 0, 0] = np.bincount([1], [0.5], 150) + np.bincount([2], [0.45], 150)
    probabilities[:, 0, 1] = np.bincount([4], [0.5], 150) + np.bincount([2], [0.45], 150)
    labels = Prediction(*as_queries(probabilities, none_channel=None), (1, 9)).labels(threshold=0)
    assert labels[0, 4] == 3
    assert set(np.unique(labels)) == {2, 3, 5}


def test_a_score_is_the_largest_probability_of_its_class() -> None:
    probabilities = np.zeros((150, 1, 3), np.float32)
    probabilities[5, 0], probabilities[9, 0] = [0.9, 0.6, 0.1], [0.1, 0.3, 0.4]
    prediction = Prediction(*as_queries(probabilities, none_channel=None), (1, 3))
    np.testing.assert_allclose(prediction.scores, [0.9, 0.4])
    assert prediction.labels(threshold=0.5).tolist() == [[6, 6, 0]]
    assert prediction.labels(threshold=0.3).tolist() == [[6, 6, 10]]


@pytest.mark.parametrize(
    ("fixed", "shown"), [((None, None), (96, 32)), ((None, 40), (96, 40)), ((17, None), (17, 32)), ((8, 9), (8, 9))]
)
def test_a_free_side_becomes_a_multiple_of_32_and_a_fixed_one_what_it_is(
    fixed: tuple[int | None, int | None], shown: tuple[int, int]
) -> None:
    graph = ForeignGraph(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    taken, given = Value("pixels", "float32", (1, 3, *fixed)), Value("planes", "float32", (1, 150, None, None))
    port = ForeignPort.of(graph, [taken], [given], told_as="mine.onnx")
    assert port.feed(np.zeros((104, 8, 3), np.uint8)).shape == (1, 3, *shown)
