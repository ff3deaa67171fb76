"""ONNX models of other people, from the file with its card to the labels of a photo."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from inference import load_segmenter
from inference.composition import compose_plain
from inference.engines.engine import Answer, Engine
from inference.engines.making import is_installed, make_engine
from inference.engines.trial_process import look_in_child
from inference.errors import EngineError, ExpectedError, WeightsError
from inference.models import find_card
from inference.photo import read_photo
from inference.prediction import Prediction
from resources.samples import sample_paths
from tests.inference.engines.foreign_graphs import MEAN, STD, Tiny, constants, save, softmax, with_card
from tests.inference.network.deterministic import picture

needs_openvino = pytest.mark.skipif(not is_installed("openvino"), reason="OpenVINO is not installed")
ENGINES = ["onnx", pytest.param("openvino", marks=needs_openvino)]


def engine_for(path: Path, engine: str = "onnx") -> Engine:
    return make_engine(find_card(path), engine, "cpu")


def normalised(image: np.ndarray) -> np.ndarray:
    return ((image - np.array(MEAN)) / np.array(STD)).astype(np.float32)


def planes_of(answer: Answer) -> np.ndarray:
    return answer[1] * answer[0].max(axis=1)[:, None, None]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("tiny", [Tiny(), Tiny(softmax=True), Tiny(stride=16), Tiny(stride=1), Tiny(batch=None)])
def test_planes_become_queries_with_the_same_largest_class_at_every_pixel(
    tmp_path: Path, engine: str, tiny: Tiny
) -> None:
    image = picture(64, 96)
    answer = engine_for(with_card(tiny.save(tmp_path / "own.onnx")), engine).run(image)
    logits = tiny.planes(normalised(image))
    probabilities = logits if tiny.softmax else softmax(logits)
    for size in ((64, 96), (131, 77)):
        labels = Prediction(*answer, size).labels(threshold=0)
        wanted = compose_plain(probabilities, size=size) + 1
        assert (labels == wanted).mean() > 0.999  # nearly equal ones may be rounded to either side
        assert len(np.unique(labels)) > 5


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("none", [0, 150])
def test_where_no_class_wins_nothing_is_labelled(tmp_path: Path, engine: str, none: int) -> None:
    tiny = Tiny(channels=151, likely=none)
    image = picture(64, 96)
    path = with_card(tiny.save(tmp_path / "own.onnx"), none_channel=none)
    logits = tiny.planes(normalised(image)).astype(np.float32)
    winners = logits.argmax(axis=0)
    assert 50 < (winners == none).sum() < winners.size - 50
    labels = Prediction(*engine_for(path, engine).run(image), winners.shape).labels(threshold=0.5)
    np.testing.assert_array_equal(labels[winners == none], 0)
    sure = (softmax(logits).max(axis=0) > 0.5) & (winners != none)
    np.testing.assert_array_equal(labels[sure], winners[sure] if none == 0 else winners[sure] + 1)


@pytest.mark.parametrize("engine", ENGINES)
def test_queries_as_ours_come_through_as_they_are(tmp_path: Path, engine: str) -> None:
    random = np.random.default_rng(0)
    class_probs = softmax(random.standard_normal((150, 7)).astype(np.float32)).T[None]
    masks = random.random((1, 7, 16, 24), np.float32)
    for arrays in ((class_probs, masks), (masks, class_probs)):
        answer = engine_for(with_card(constants(tmp_path / "own.onnx", *arrays)), engine).run(picture(64, 96))
        np.testing.assert_array_equal(answer[0], class_probs[0])
        np.testing.assert_array_equal(answer[1], masks[0])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", [(64, 64), (32, None), (None, 96)])
def test_a_picture_is_stretched_to_a_fixed_size(
    tmp_path: Path, engine: str, size: tuple[int | None, int | None]
) -> None:
    """Each corner of the map then is a corner of the photo."""
    tiny = Tiny(size=size)
    image = picture(96, 160)
    answer = engine_for(with_card(tiny.save(tmp_path / "own.onnx")), engine).run(image)
    rows, columns = size[0] or 96, size[1] or 160
    assert answer[1].shape[1:] == (rows // 4, columns // 4)
    small = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
    wanted = tiny.planes(normalised(small)).argmax(axis=0) + 1
    labels = Prediction(*answer, wanted.shape).labels(threshold=0)
    assert (labels == wanted).mean() > 0.99


@pytest.mark.parametrize("engine", ENGINES)
def test_free_sizes_are_multiples_of_32_so_that_the_map_ends_where_the_photo_does(tmp_path: Path, engine: str) -> None:
    tiny = Tiny(stride=32)
    opened = engine_for(with_card(tiny.save(tmp_path / "own.onnx")), engine)
    assert [opened.run(picture(*size))[1].shape[1:] for size in ((72, 104), (80, 88), (32, 40))] == [
        (2, 3),
        (2, 3),
        (1, 1),
    ]


def test_half_precision_is_fed_as_such(tmp_path: Path) -> None:
    tiny, image = Tiny(half=True), picture(64, 96)
    answer = engine_for(with_card(tiny.save(tmp_path / "own.onnx"))).run(image)
    assert [array.dtype for array in answer] == [np.float32, np.float32]
    wanted = tiny.planes(normalised(image)).argmax(axis=0) + 1
    assert (Prediction(*answer, wanted.shape).labels(threshold=0) == wanted).mean() > 0.98


def test_both_engines_agree(tmp_path: Path) -> None:
    if not is_installed("openvino"):
        pytest.skip("OpenVINO is not installed")
    path, image = with_card(Tiny(stride=8).save(tmp_path / "own.onnx")), picture(128, 96)
    first, second = (planes_of(engine_for(path, name).run(image)) for name in ("onnx", "openvino"))
    np.testing.assert_allclose(first, second, rtol=0, atol=1e-4)


def refusal(path: Path, engine: str) -> str:
    with pytest.raises(WeightsError) as caught:
        engine_for(path, engine).run(picture(64, 96))
    assert str(caught.value).startswith("own.onnx ")
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    return str(caught.value)


F32 = np.float32
GIVEN = {
    "other classes": ([np.zeros((1, 20, 8, 12), F32)], "it gives 20 classes where the 150 of ADE20K are needed"),
    "classes last": ([np.zeros((1, 8, 12, 150), F32)], r"classes last (NHWC)"),
    "labels": ([np.zeros((1, 64, 96), np.int64)], "it gives int64 numbers, labels perhaps"),
    "three dimensions": ([np.zeros((150, 8, 12), F32)], "it gives (150, 8, 12) where (1, 150, h, w) is needed"),
    "two pictures": ([np.zeros((2, 150, 8, 12), F32)], "it gives (2, 150, 8, 12) where"),
    "two maps": ([np.zeros((1, 150, 8, 12), F32)] * 2, "its two outputs are (1, 150, 8, 12) and (1, 150, 8, 12) where"),
    "three outputs": ([np.zeros((1, 150, 8, 12), F32)] * 3, "it has 3 outputs"),
    "151 planes": ([np.zeros((1, 151, 8, 12), F32)], "its card has to say which, with none_channel 0 or 150"),
    "too many queries": (
        [np.zeros((1, 101, 150), F32), np.zeros((1, 101, 8, 12), F32)],
        "room for 100 queries, not 101",
    ),
    "logits of queries": ([np.full((1, 9, 150), -1, F32), np.zeros((1, 9, 8, 12), F32)], "are no probabilities"),
    "masks of others": ([np.zeros((1, 9, 150), F32), np.zeros((1, 8, 8, 12), F32)], "its two outputs are (1, 9, 150)"),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", GIVEN)
def test_what_gives_something_else_is_refused_with_the_reason(tmp_path: Path, engine: str, kind: str) -> None:
    arrays, reason = GIVEN[kind]
    assert reason in refusal(with_card(constants(tmp_path / "own.onnx", *arrays)), engine)


PLANES = np.zeros((1, 150, 8, 12), F32)
TAKEN = {
    "colours last": ([1, None, None, 3], TensorProto.FLOAT, "it takes the colours last (NHWC)"),
    "whole numbers": ([1, 3, None, None], TensorProto.INT8, "it takes int8 numbers where float32 or float16 is needed"),
    "bytes": ([1, 3, None, None], TensorProto.UINT8, "it takes uint8 numbers"),
    "one colour": ([1, 1, None, None], TensorProto.FLOAT, "it takes (1, 1, ?, ?) where a picture of (1, 3, H, W)"),
    "a row": ([1, 150528], TensorProto.FLOAT, "it takes (1, 150528) where a picture"),
    "four pictures": ([4, 3, None, None], TensorProto.FLOAT, "it takes 4 pictures at a time"),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", TAKEN)
def test_what_takes_something_else_is_refused_with_the_reason(tmp_path: Path, engine: str, kind: str) -> None:
    shape, number, reason = TAKEN[kind]
    path = constants(tmp_path / "own.onnx", PLANES, taken=shape, kind=number)
    assert reason in refusal(with_card(path), engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_second_input_is_refused(tmp_path: Path, engine: str) -> None:
    taken = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, None, None]) for name in ("left", "right")]
    given = [helper.make_tensor_value_info("out", TensorProto.FLOAT, [None] * 4)]
    save(tmp_path / "own.onnx", [helper.make_node("Concat", ["left", "right"], ["out"], axis=1)], taken, given)
    assert "it has 2 inputs" in refusal(with_card(tmp_path / "own.onnx"), engine)


def test_none_among_150_planes_is_a_contradiction(tmp_path: Path) -> None:
    path = with_card(Tiny().save(tmp_path / "own.onnx"), none_channel=0)
    assert "all of its 150 planes are classes, so none_channel should be null" in refusal(path, "onnx")


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_in_other_files_are_refused(tmp_path: Path, engine: str) -> None:
    path = with_card(Tiny().save(tmp_path / "own.onnx"))
    model = onnx.load_model(path)
    onnx.save_model(model, path, save_as_external_data=True, location="own.bin", size_threshold=0)
    assert refusal(path, engine) == "own.onnx keeps its weights in other files; save it as one file."


def test_numbers_that_are_not_finite_are_the_fault_of_the_run(tmp_path: Path) -> None:
    path = with_card(constants(tmp_path / "own.onnx", np.full((1, 150, 8, 12), np.nan, F32)))
    with pytest.raises(EngineError, match=r"own\.onnx gave numbers that are not finite\."):
        engine_for(path).run(picture(64, 96))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_file_that_is_no_graph_is_one_sentence(tmp_path: Path, engine: str) -> None:
    (tmp_path / "own.onnx").write_bytes(b"A" * 100)
    with pytest.raises(ExpectedError, match=r"own\.onnx.*\.$"):
        engine_for(with_card(tmp_path / "own.onnx"), engine)


def test_torch_cannot_run_it(tmp_path: Path) -> None:
    path = with_card(Tiny().save(tmp_path / "own.onnx"))
    with pytest.raises(EngineError, match=r"PyTorch cannot run own\.onnx"):
        engine_for(path, "torch")


def test_from_file_and_card_to_the_labels_of_a_photo(tmp_path: Path, cache: Path) -> None:
    path = with_card(Tiny(softmax=True, size=(64, 64)).save(tmp_path / "own.onnx"))
    segmenter = load_segmenter(path, engine="onnx", device="cpu")
    prediction = segmenter.predict(read_photo(sample_paths()[0])[:211, :333])
    assert segmenter.card.name == "mine"
    assert prediction.segment_map().shape == (211, 333)
    assert len(np.unique(prediction.labels(threshold=0))) > 5


def test_it_is_tried_in_a_process_of_its_own(tmp_path: Path, cache: Path) -> None:
    """Card and refusal go there and come back as they are."""
    path = with_card(Tiny(channels=151, stride=16).save(tmp_path / "own.onnx"), none_channel=0)
    found = look_in_child(find_card(path), "onnx", "cpu", may_export=False)
    assert (found["usable"], found["agreement"]) == (True, 1.0)
    path = with_card(Tiny(channels=20, stride=16).save(tmp_path / "own.onnx"))
    refused = look_in_child(find_card(path), "onnx", "cpu", may_export=False)
    assert refused["weights"] == "own.onnx cannot be used: it gives 20 classes where the 150 of ADE20K are needed."
    with pytest.raises(WeightsError, match=r"^own\.onnx cannot be used: it gives 20 classes"):
        load_segmenter(path, device="cpu")
