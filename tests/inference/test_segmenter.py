"""From photo to prediction with the starter: any size, little memory, and nothing heavy before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import inference
from inference import Segmenter, load_segmenter
from inference.composition import compose, compose_plain
from inference.errors import EngineError, WeightsError
from inference.models import find_card
from inference.photo import read_photo
from inference.preprocess import network_size
from resources.samples import sample_paths

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return load_segmenter(device="cpu")


def python(code: str) -> str:
    """What a fresh interpreter prints; only there is it seen what gets imported."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, inference; print(sorted({'torch', 'onnxruntime', 'cv2', 'numpy', 'onnx'} & set(sys.modules)))"
    assert python(code) == "[]"


def test_the_starter_predicts_on_the_cpu_without_torch_or_the_exporter() -> None:
    code = """
import sys
import numpy as np
from inference import load_segmenter
prediction = load_segmenter(device="cpu").predict(np.zeros((100, 150, 3), np.uint8))
print(prediction.labels().shape, sorted({"torch", "onnx", "onnxscript"} & set(sys.modules)))
"""
    assert python(code) == "(100, 150) []"


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (100, 150), (321, 287)])
def test_any_photo_becomes_labels_of_its_size(segmenter: Segmenter, size: tuple[int, int]) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    prediction = segmenter.predict(photo)
    assert prediction.size == size
    rows, columns = network_size(*size, input_size=segmenter.input_size)
    assert prediction.mask_probs.shape == (100, rows // 8, columns // 8)
    for labels in (prediction.labels(), prediction.semantic_labels(), prediction.segment_map()):
        assert labels.shape == size
        assert labels.dtype == np.uint8


@pytest.mark.parametrize("index", [0, 2, 4])
def test_real_predictions_compose_exactly(segmenter: Segmenter, index: int) -> None:
    prediction = segmenter.predict(read_photo(sample_paths()[index]))
    queries = prediction.mask_probs * prediction.scores[:, None, None]
    classes = np.einsum("qc,qhw->chw", prediction.class_probs, prediction.mask_probs)
    for planes in (queries, classes):
        for size in ((431, 577), (30, 41)):
            np.testing.assert_array_equal(compose(planes, size=size), compose_plain(planes, size=size))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak memory of a process so plainly")
def test_a_24_megapixel_photo_needs_less_than_1500_megabytes(tmp_path: Path) -> None:
    photo = cv2.resize(read_photo(sample_paths()[0]), (6000, 4000), interpolation=cv2.INTER_CUBIC)
    assert cv2.imwrite(str(tmp_path / "large.jpg"), photo)
    code = f"""
from pathlib import Path
from inference import load_segmenter
from inference.photo import read_photo
prediction = load_segmenter(device="cpu", input_size=640).predict(read_photo(Path({str(tmp_path / "large.jpg")!r})))
prediction.segment_map(), prediction.labels(), prediction.semantic_segments(), prediction.detections()
print(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")).split()[1])
"""
    assert int(python(code)) < 1_500_000  # kB


def test_a_read_only_photo_is_fine_and_stays_as_it_is(segmenter: Segmenter) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (288, 384, 3), dtype=np.uint8)
    before = photo.copy()
    photo.flags.writeable = False
    segmenter.predict(photo)
    np.testing.assert_array_equal(photo, before)
    load_segmenter(engine="torch", device="cpu").predict(photo)


def test_the_input_size_comes_from_the_card_unless_told(segmenter: Segmenter) -> None:
    assert segmenter.input_size == segmenter.card.input_size
    photo = np.zeros((256, 320, 3), np.uint8)
    assert load_segmenter(device="cpu", input_size=64).predict(photo).mask_probs.shape == (100, 8, 10)
    own = load_segmenter(device="cpu", input_size=None)
    assert own.input_size is None
    assert own.predict(photo).mask_probs.shape == (100, 32, 40)


@pytest.mark.parametrize("size", [0, -1, 31, 100_000])
def test_an_impossible_input_size_is_refused(size: int) -> None:
    with pytest.raises(EngineError, match="must lie between 32 and 8192"):
        load_segmenter(input_size=size)


@pytest.mark.parametrize("photo", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 4), np.uint8), np.zeros((9, 9, 3))])
def test_something_else_than_a_photo_is_refused(segmenter: Segmenter, photo: np.ndarray) -> None:
    with pytest.raises(ValueError, match="A photo is"):
        segmenter.predict(photo)


def test_unknown_names_are_told() -> None:
    with pytest.raises(WeightsError, match="There is no model called nonsense"):
        load_segmenter("nonsense")
    with pytest.raises(EngineError, match="There is no engine called nonsense"):
        load_segmenter(engine="nonsense")
    with pytest.raises(EngineError, match="There is no device called nonsense"):
        load_segmenter(device="nonsense")
    with pytest.raises(AttributeError):
        _ = inference.nonsense


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_one_sentence(value: float) -> None:
    class Overflowing:
        name, device, reason, at_once = "torch", "cuda:0", "", 1

        def run(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            masks = np.zeros((100, image.shape[0] // 8, image.shape[1] // 8), np.float32)
            masks[7, 0, 0] = value
            return np.zeros((100, 150), np.float32), masks

    segmenter = Segmenter(find_card("starter"), Overflowing(), 288)
    with pytest.raises(EngineError, match=r"not finite for a photo of 150×100 pixels on cuda:0; another device"):
        segmenter.predict(np.zeros((100, 150, 3), np.uint8))
