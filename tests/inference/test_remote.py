"""The remote engine against a service on this machine: what is sent, what comes of the answer, what goes wrong."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from app.core.project.packing import pack_prediction, rounded, unpack_prediction
from inference import load_segmenter
from inference.cancelling import cancellable
from inference.errors import Cancelled, EngineError, WeightsError
from inference.photo import read_photo
from inference.prediction import Prediction
from inference.remote import LEAST_SCORE, LONGEST_SIDE, RemoteEngine, RemoteSegmenter, load_remote
from inference.remote_card import ADDRESS_VARIABLE, card_for, leaving, remote_address
from inference.remote_key import VARIABLE, Key, RemoteError
from tests.inference.keyrings import FakeKeyring, use_keyring
from tests.inference.remote_server import SECRET, Service, detection, png, says, service, silent

__all__ = ["service", "use_keyring"]  # fixtures

MODEL = "fai-bf-m-ade"
SKY, GRASS, TREE = 3, 10, 5


def halves(height: int = 60, width: int = 80) -> np.ndarray:
    """Light above the middle, dark below."""
    photo = np.full((height, width, 3), 220, np.uint8)
    photo[height // 2 :] = 30
    return photo


def predicted(photo: np.ndarray) -> Prediction:
    return load_segmenter(MODEL, engine="remote").predict(photo)


def test_a_photo_becomes_a_prediction(service: Service) -> None:
    segmenter = load_segmenter(MODEL, engine="remote")
    assert isinstance(segmenter, RemoteSegmenter)
    assert service.received == []  # nothing is sent before there is a photo
    prediction = segmenter.predict(halves())
    labels = prediction.labels(0.5)
    assert labels.shape == (60, 80)
    assert (labels[:30] == SKY).all()
    assert (labels[30:] == GRASS).all()
    assert prediction.class_ids.tolist() == [SKY, GRASS]
    assert prediction.scores.tolist() == pytest.approx([0.9, 0.6])
    assert (prediction.labels(0.7)[30:] == 0).all()
    assert (prediction.semantic_labels() == labels).all()


def test_what_is_asked_is_the_protocol_of_the_service(service: Service) -> None:
    predicted(halves())
    (asked,) = service.received
    assert asked.path == f"/v0/models/{MODEL}/inference"
    assert asked.query == {"confidence_threshold": [f"{LEAST_SCORE:g}"]}
    assert 0 < LEAST_SCORE <= 0.01  # whatever threshold is chosen here, what exceeds it was asked for
    assert asked.headers["X-API-Key"] == SECRET
    assert list(asked.fields) == ["file"]


def test_the_pixels_are_sent_and_nothing_else_of_the_photo(service: Service, tmp_path: Path) -> None:
    """Cameras write place and time into a photo, and people write into its name."""
    notes = Image.Exif()
    notes[0x0112] = 6  # turned by a quarter
    notes[0x010F] = "ACME cameras"
    notes.get_ifd(0x8825)[2] = (47.0, 22.0, 0.0)
    Image.fromarray(halves()).save(tmp_path / "my house.jpg", exif=notes, comment=b"where I live")
    predicted(read_photo(tmp_path / "my house.jpg"))
    (asked,) = service.received
    assert asked.picture.format == "JPEG"
    assert asked.picture.size == (60, 80)  # upright
    assert not asked.picture.getexif()
    for secret in (b"Exif", b"ACME", b"where I live", b"my house"):
        assert secret not in asked.jpeg
    assert asked.fields["file"][0] == "photo.jpg"


def test_a_large_photo_is_sent_smaller_and_its_masks_come_back_at_its_size(service: Service) -> None:
    photo = halves(1500, 3000)
    prediction = predicted(photo)
    assert service.received[0].picture.size == (LONGEST_SIDE, LONGEST_SIDE // 2)
    labels = prediction.labels(0.5)
    assert labels.shape == (1500, 3000)
    wrong = np.flatnonzero((labels != np.where(np.arange(1500) < 750, SKY, GRASS)[:, None]).any(axis=1))
    assert all(abs(row - 750) <= 6 for row in wrong)  # a cell of the grid: 5.9 pixels of the photo


def test_what_is_too_fine_to_be_sent_is_averaged(service: Service) -> None:
    stripes = np.zeros((64, 2 * LONGEST_SIDE, 3), np.uint8)
    stripes[:, ::2] = 255
    predicted(stripes)
    sent = np.asarray(service.received[0].picture)
    assert np.abs(sent.astype(int) - 128).max() < 3


def test_a_small_photo_is_not_enlarged(service: Service) -> None:
    assert predicted(halves(7, 5)).size == (7, 5)
    assert service.received[0].picture.size == (5, 7)


def test_nothing_found_is_unlabelled(service: Service) -> None:
    service.replies = [says()]
    prediction = predicted(halves())
    assert (prediction.labels(0.0) == 0).all()
    assert prediction.detections(0.0) == []


def test_what_nobody_claims_is_unlabelled_and_masks_do_not_grow(service: Service) -> None:
    mask = np.zeros((60, 80), bool)
    mask[10:30, 20:50] = True
    service.replies = [says(detection(TREE, 0.8, mask))]
    prediction = predicted(halves())
    assert (prediction.labels(0.0) == np.where(mask, TREE, 0)).all()
    (found,) = prediction.detections(0.5)
    assert (found["bbox"], found["cls_id"]) == ([20, 10, 50, 30], TREE)


def test_masks_of_large_photos_grow_by_no_cell(service: Service) -> None:
    sent = np.zeros((LONGEST_SIDE // 2, LONGEST_SIDE), bool)
    sent[400:601, 800:1001] = True
    service.replies = [says(detection(TREE, 0.8, sent))]
    (found,) = predicted(halves(1500, 3000)).detections(0.5)
    scale = 3000 / LONGEST_SIDE  # a cell of the grid: 4 pixels that were sent, 5.9 of the photo
    true = np.array([800, 400, 1001, 601]) * scale
    assert np.abs(found["bbox"] - true).max() < 4


def test_of_two_that_claim_a_pixel_the_surer_one_has_it(service: Service) -> None:
    left, middle = np.zeros((2, 60, 80), bool)
    left[:, :50], middle[:, 30:70] = True, True
    service.replies = [says(detection(TREE, 0.4, left), detection(SKY, 0.7, middle))]
    row = predicted(halves()).labels(0.1)[0]
    assert (row[:30] == TREE).all()
    assert (row[30:70] == SKY).all()
    assert (row[70:] == 0).all()


def test_of_many_detections_the_best_have_room(service: Service) -> None:
    mask = np.zeros((60, 80), bool)
    records = []
    for number in range(130):
        mask = np.zeros((60, 80), bool)
        mask[number % 60, number // 60] = True
        records.append(detection(TREE, (number + 1) / 200, mask))
    service.replies = [says(*records)]
    prediction = predicted(halves())
    assert len(prediction.scores) == 100
    assert sorted(prediction.scores, reverse=True)[98] == pytest.approx(32 / 200)  # one row is for what nobody claims
    assert prediction.segment_map().max() <= 100


def test_a_prediction_comes_back_from_a_project_as_it_was(service: Service) -> None:
    prediction = rounded(predicted(halves(90, 121)))
    again = unpack_prediction(pack_prediction(prediction))
    assert (again.mask_probs == prediction.mask_probs).all()
    assert (again.segment_map() == prediction.segment_map()).all()


def test_its_answers_have_a_name_of_their_own(service: Service) -> None:
    """Masks that come from elsewhere are not taken for those of the same model here, nor the other way round."""
    segmenter = load_segmenter(MODEL, engine="remote")
    assert segmenter.card.name == "bisenetformer-m-ade (remote)"
    assert card_for(MODEL, engine="remote").name == segmenter.card.name
    assert card_for(MODEL, engine="auto").name == "bisenetformer-m-ade"
    assert (segmenter.engine.name, segmenter.engine.device) == ("remote", "127.0.0.1")
    assert segmenter.engine.reason == leaving("127.0.0.1") == "Photos are sent to 127.0.0.1: they leave this machine."
    assert segmenter.at_once == 1


def test_models_that_only_run_here_are_refused(service: Service) -> None:
    with pytest.raises(RemoteError, match="starter is not among the models of the remote service"):
        load_segmenter("starter", engine="remote")
    with pytest.raises(WeightsError, match="no model called"):
        load_segmenter("fai-something", engine="remote")
    with pytest.raises(RemoteError, match="runs on no device of this machine: cuda:0"):
        load_segmenter(MODEL, "remote", "cuda:0")


def test_without_a_key_nothing_is_sent(
    service: Service, use_keyring: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(RemoteError, match=f"no key for the remote engine: set {VARIABLE}"):
        load_segmenter(MODEL, engine="remote")
    assert service.received == []


def test_no_other_engine_is_the_remote_one(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises((EngineError, WeightsError)):
        load_segmenter(MODEL, engine="auto")  # its weights are not here
    assert service.received == []


@pytest.mark.parametrize("shape", [(5, 5), (5, 5, 4), (0, 5, 3)])
def test_an_array_that_is_no_photo_is_refused(service: Service, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="A photo is"):
        predicted(np.zeros(shape, np.uint8))
    assert service.received == []


def test_a_cancelled_prediction_stops_waiting_and_closes_its_connection(service: Service) -> None:
    service.replies = [silent]
    segmenter, unwanted = load_segmenter(MODEL, engine="remote"), threading.Event()
    ended: list[type[BaseException]] = []

    def ask() -> None:
        try:
            with cancellable(unwanted):
                segmenter.predict(halves())
        except Cancelled as error:
            ended.append(type(error))

    asking = threading.Thread(target=ask)
    asking.start()
    assert service.asked.wait(10)
    unwanted.set()
    asking.join(10)
    assert ended == [Cancelled]
    assert service.left.wait(10)


def test_told_to_stop_it_waits_for_no_answer_and_sends_nothing_more(service: Service) -> None:
    service.replies = [silent]
    segmenter = load_remote(MODEL)
    ended: list[str] = []

    def ask() -> None:
        with pytest.raises(RemoteError) as raised:
            segmenter.predict(halves())
        ended.append(str(raised.value))

    asking = threading.Thread(target=ask)
    asking.start()
    assert service.asked.wait(10)
    assert isinstance(segmenter.engine, RemoteEngine)
    segmenter.engine.client.stop()
    asking.join(10)
    assert service.left.wait(10)
    with pytest.raises(RemoteError, match="not sent"):
        segmenter.predict(halves())
    assert ended == ["Photos are not sent to 127.0.0.1 any more."]
    assert len(service.received) == 1


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("http://example.org/v0", "not encrypted"),
        ("ftp://example.org", "should be like https"),
        ("https://me:word@example.org", "should be like https"),
        ("https://example.org/?a=b", "should be like https"),
        ("https://example.org:port", "is none"),
        ("nonsense", "should be like https"),
        ("https://a b/v0", "should be like https"),
        ("https://ex\u00e4mple..com", "should be like https"),
        ("https://example.org/\x01", "should be like https"),
        ("https://example.org/\udcff", "should be like https"),
    ],
)
def test_addresses_that_would_tell_the_key_to_others_are_refused(
    address: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS_VARIABLE, address)
    with pytest.raises(RemoteError, match=problem):
        remote_address()


def test_the_usual_address_is_that_of_the_publisher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)
    assert remote_address() == "https://api.focoos.ai/v0"


def test_a_key_of_ones_own_goes_before_the_environment(service: Service) -> None:
    load_remote(MODEL, key=Key("another")).predict(halves())
    assert service.received[0].headers["X-API-Key"] == "another"


@pytest.mark.parametrize("extra", [(0, 0), (1, 0), (0, 1), (1, 1), (-1, -1)])
def test_boxes_with_and_without_their_last_row_and_column_are_understood(
    service: Service, extra: tuple[int, int]
) -> None:
    mask = np.zeros((60, 80), bool)
    mask[10:30, 20:50] = True
    rows, columns = extra
    box = [20, 10, 50 + columns, 30 + rows]
    service.replies = [says(detection(TREE, 0.8, mask, bbox=box))]
    assert (predicted(halves()).labels(0.5) == np.where(mask, TREE, 0)).all()


def test_a_mask_as_large_as_the_photo_needs_no_box(service: Service) -> None:
    mask = np.zeros((60, 80), bool)
    mask[10:30, 20:50] = True
    service.replies = [says(detection(TREE, 0.8, mask, mask=png(mask)))]
    assert (predicted(halves()).labels(0.5) == np.where(mask, TREE, 0)).all()


def test_the_jpeg_is_hardly_to_be_told_from_the_photo(service: Service) -> None:
    photo = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8), (0, 0), 4)
    predicted(photo)
    picture = service.received[0].picture
    assert max(picture.quantization[0]) == 12  # quality 95: a tenth of the 121 in the standard's table
    sent = np.asarray(picture.convert("RGB")).astype(int)
    assert np.abs(sent - photo).mean() < 2  # and in the order red, green, blue
