"""What a remote service, or the way to it, can do wrong: each is one sentence, soon, and the key is in none of them."""

from __future__ import annotations

import base64
import logging
import pickle
import re
import ssl
import struct
import threading
import traceback
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.cancelling import cancellable
from inference.errors import Cancelled
from inference.remote import RemoteSegmenter, load_remote
from inference.remote_answer import queries_of
from inference.remote_card import ADDRESS_VARIABLE
from inference.remote_client import Patience
from inference.remote_key import Key, RemoteError
from tests.inference.remote_server import (
    SECRET,
    Reply,
    Service,
    broken_off,
    detection,
    png,
    says,
    seen,
    send,
    service,
    silent,
    status,
)
from tests.inference.serving import serving

__all__ = ["service"]  # a fixture

PHOTO = np.full((40, 60, 3), 220, np.uint8)
QUICK = Patience(whole=60, pause=0.01, longest_wait=2)
CERTIFICATE = Path(__file__).parent / "data" / "self_signed.pem"
MASK = np.zeros((40, 60), bool)
MASK[5:25, 10:40] = True


def load(patience: Patience = QUICK) -> RemoteSegmenter:
    return load_remote("fai-bf-m-ade", key=Key(SECRET), patience=patience)


def refusal(patience: Patience = QUICK) -> RemoteError:
    """Why a photo gets no answer."""
    with pytest.raises(RemoteError) as raised:
        load(patience).predict(PHOTO)
    told = "".join(traceback.format_exception(raised.value)) + repr(raised.value)
    assert SECRET not in told
    assert str(raised.value).endswith((".", "?"))
    return raised.value


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (400, "127.0.0.1 answered with HTTP 400 instead of detections."),
        (401, "127.0.0.1 does not accept the key (HTTP 401)."),
        (402, "127.0.0.1 wants to be paid: the credit of this key is used up (HTTP 402)."),
        (403, "The key may not use fai-bf-m-ade at 127.0.0.1 (HTTP 403)."),
        (404, "127.0.0.1 knows no model called fai-bf-m-ade (HTTP 404)."),
        (413, "The photo is too large for 127.0.0.1 (HTTP 413)."),
        (418, "127.0.0.1 answered with HTTP 418 instead of detections."),
    ],
)
def test_what_will_not_pass_is_said_at_once(service: Service, code: int, sentence: str) -> None:
    service.replies = [status(code, f'{{"detail": "your key {SECRET} …"}}'.encode())]
    assert str(refusal()) == sentence
    assert len(service.received) == 1


@pytest.mark.parametrize("reply", [status(429), status(500), status(502), status(503), status(504), broken_off])
def test_what_may_pass_is_asked_again(service: Service, reply: Reply) -> None:
    service.replies = [reply, reply, seen]
    assert load().predict(PHOTO).class_ids.tolist() == [3]
    assert len(service.received) == 3


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (status(429), r"127.0.0.1 is asked too often at the moment \(HTTP 429\); try again later\."),
        (status(503), r"127.0.0.1 has trouble of its own \(HTTP 503\); try again later\."),
        (broken_off, r"The connection to 127.0.0.1 broke off \(.*\)\."),
    ],
)
def test_what_does_not_pass_is_said_in_the_end(service: Service, reply: Reply, sentence: str) -> None:
    service.replies = [reply]
    error = refusal()
    assert re.fullmatch(sentence, str(error))
    assert not error.lasting
    assert len(service.received) == QUICK.attempts


def pauses(service: Service, wait: str, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What is waited for after "429, Retry-After", without waiting for it."""
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("inference.remote_client.asyncio.sleep", note)
    service.replies = [status(429, Retry_After=wait), seen]
    load(replace(QUICK, longest_wait=60)).predict(PHOTO)
    return waited


def test_the_pause_is_the_one_that_is_asked_for(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 7.0 in pauses(service, "7", monkeypatch)


def test_the_pause_may_be_asked_for_as_a_date(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert any(20 < pause <= 30 for pause in pauses(service, then, monkeypatch))


def test_a_pause_that_is_too_long_is_not_waited_for(service: Service) -> None:
    service.replies = [status(429, Retry_After="3600")]
    assert str(refusal()) == "127.0.0.1 asks to wait 60 minutes before the next photo (HTTP 429)."
    assert len(service.received) == 1


def test_a_cancelled_prediction_does_not_wait_for_its_pause(service: Service) -> None:
    unwanted, ended = threading.Event(), threading.Event()
    service.replies = [status(429, Retry_After="50")]

    def ask() -> None:
        with cancellable(unwanted), pytest.raises(Cancelled):
            load(replace(QUICK, longest_wait=60, whole=60)).predict(PHOTO)
        ended.set()

    asking = threading.Thread(target=ask)
    asking.start()
    assert service.asked.wait(10)
    unwanted.set()
    assert ended.wait(10)
    asking.join(10)
    assert len(service.received) == 1


def test_what_was_cancelled_before_is_not_sent(service: Service) -> None:
    unwanted = threading.Event()
    unwanted.set()
    with cancellable(unwanted), pytest.raises(Cancelled):
        load().predict(PHOTO)
    assert service.received == []


def test_a_refused_key_is_not_tried_with_every_photo_of_a_folder(service: Service) -> None:
    service.replies = [status(401)]
    segmenter = load()
    for _ in range(5):
        with pytest.raises(RemoteError, match="does not accept the key"):
            segmenter.predict(PHOTO)
    assert len(service.received) == 1
    service.replies = [seen]
    assert load().predict(PHOTO)  # another key, or another try by hand
    patient = load(replace(QUICK, after_refusal=0))
    service.replies = [status(402), seen]
    with pytest.raises(RemoteError, match="paid"):
        patient.predict(PHOTO)
    assert patient.predict(PHOTO)


def test_silence_ends(service: Service) -> None:
    service.replies = [silent]
    assert str(refusal(replace(QUICK, silence=0.3))) == "127.0.0.1 did not answer in 0.3 s."
    assert len(service.received) == 1  # it may be at work still: it is not asked twice for one photo


def test_an_answer_that_trickles_ends(service: Service) -> None:
    def trickle(service: Service, _received: object, handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not service.over.wait(0.05):
            handler.wfile.write(b" ")

    service.replies = [trickle]
    assert str(refusal(replace(QUICK, whole=0.6))) == "127.0.0.1 took longer than 0.6 s."


def test_an_answer_without_an_end_is_not_kept(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.remote_client.LARGEST_ANSWER", 1000)
    service.replies = [status(200, b" " * 100_000)]
    assert str(refusal()) == "127.0.0.1 sent far more than an answer can hold."


def test_no_network_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(Service([seen])) as service:
        monkeypatch.setenv(ADDRESS_VARIABLE, service.root)  # nobody listens there any more
    assert str(refusal()).startswith("127.0.0.1 cannot be reached (")


@pytest.mark.parametrize(
    ("target", "named"), [("https://elsewhere.example/v0?key=1", "elsewhere.example"), ("/v1", "another address")]
)
def test_neither_photo_nor_key_follows_a_redirect(service: Service, target: str, named: str) -> None:
    service.replies = [status(307, Location=target), seen]
    assert f"sends on to {named}" in str(refusal())
    assert len(service.received) == 1


def test_a_redirect_to_another_service_reaches_nobody_there(service: Service) -> None:
    with serving(Service([seen])) as other:
        service.replies = [status(308, Location=f"{other.root.replace('127.0.0.1', 'localhost')}/models")]
        assert "neither photo nor key was sent there" in str(refusal())
        assert other.received == []


def test_a_page_of_a_proxy_is_no_answer(service: Service) -> None:
    service.replies = [status(200, b"<html>Please sign in</html>", Content_Type="text/html; charset=utf-8")]
    assert "sent a web page, not an answer" in str(refusal())


def test_a_certificate_that_nobody_vouches_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with serving(Service([seen]), encrypted=context) as service:
        monkeypatch.setenv(ADDRESS_VARIABLE, service.root)
        assert str(refusal()).startswith("The connection to 127.0.0.1 is not trusted (")
        assert service.received == []
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))  # now somebody does
        assert load().predict(PHOTO).class_ids.tolist() == [3]


# --- answers that are not as they should be --------------------------------------------------------------------------


def image_header(width: int, height: int) -> str:
    """The beginning of a PNG that claims to be of this size, as base64."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return base64.b64encode(start).decode()


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"conf": 1.5}, "no score from 0 to 1"),
        ({"conf": "0.9"}, "no score from 0 to 1"),
        ({"conf": True}, "no score from 0 to 1"),
        ({"conf": float("nan")}, "no score from 0 to 1"),
        ({"bbox": None}, "no box"),
        ({"bbox": [1, 2, 3]}, "no box"),
        ({"bbox": [1, 2, 3, "4"]}, "no box"),
        ({"bbox": [1, 2, 3, 10**400]}, "no box"),
        ({"bbox": [40, 5, 70, 25]}, "lies outside of the photo"),
        ({"bbox": [-15, 5, 15, 25]}, "lies outside of the photo"),
        ({"bbox": [10, 25, 40, 45]}, "lies outside of the photo"),
        ({"bbox": [10, -15, 40, 5]}, "lies outside of the photo"),
        ({"bbox": [10, 5, 40, 35]}, "a mask of 30×20 pixels is not that of a box of 30×30"),
        ({"bbox": [10, 5, 30, 25]}, "a mask of 30×20 pixels is not that of a box of 20×20"),
        ({"cls_id": 150}, "no class from 0 to 149"),
        ({"cls_id": -1}, "no class from 0 to 149"),
        ({"cls_id": 2.0}, "no class from 0 to 149"),
        ({"cls_id": None}, "no class from 0 to 149"),
        ({"cls_id": 3}, "it calls class 3 'sky ', which is 'floor' in ADE20K"),
        ({"mask": None}, "no PNG in base64"),
        ({"mask": ""}, "no PNG in base64"),
        ({"mask": "*" * 40}, "no PNG in base64"),
        ({"mask": base64.b64encode(b"GIF89a" + bytes(60)).decode()}, "no PNG in base64"),
        ({"mask": png(np.ones((20, 30)))[:80]}, "damaged PNG"),
        ({"mask": image_header(30, 20)}, "damaged PNG"),
        ({"mask": image_header(60_000, 60_000)}, "a mask of 60000×60000 pixels"),
    ],
)
def test_an_answer_that_cannot_be_right_is_refused(service: Service, changed: dict[str, object], problem: str) -> None:
    service.replies = [says(detection(5, 0.5, MASK), detection(3, 0.9, MASK, **changed))]
    sentence = str(refusal())
    assert sentence.startswith("The answer of 127.0.0.1 cannot be used: ")
    assert problem in sentence


@pytest.mark.parametrize("body", [b'{"detections": [', b"", b"\xff\xfe", b"[" * 100_000])
def test_an_answer_that_is_cut_off_is_no_answer(service: Service, body: bytes) -> None:
    service.replies = [status(200, body)]
    assert str(refusal()) == "The answer of 127.0.0.1 is cut off, or no JSON."


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b'{"detections": null}', b'{"detections": [1]}', b"{}"])
def test_json_of_another_kind_is_no_answer(service: Service, body: bytes) -> None:
    service.replies = [status(200, body)]
    assert str(refusal()).startswith("The answer of 127.0.0.1 cannot be used: ")


@pytest.mark.parametrize(
    ("class_id", "label"),
    [
        (9, "window "),
        (9, "windowpane, window"),
        (9, "Window;WINDOWPANE"),
        (7, "road, route"),
        (131, "screen"),
        (9, None),
    ],
)
def test_the_names_that_the_service_uses_are_known(class_id: int, label: str | None) -> None:
    record = detection(class_id, 0.5, MASK, label=label)
    class_probs, _ = queries_of({"detections": [record]}, size=MASK.shape, host="here")
    assert class_probs.argmax(axis=1)[-1] + 1 == class_id


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(["bbox", "conf", "cls_id", "label", "mask"]), value=JSON)
def test_whatever_stands_in_an_answer_it_is_used_or_refused(name: str, value: object) -> None:
    try:
        class_probs, mask_probs = queries_of(
            {"detections": [detection(3, 0.9, MASK, **{name: value})]}, size=MASK.shape, host="here"
        )
    except RemoteError:
        return
    assert len(class_probs) == len(mask_probs) <= 2
    assert mask_probs.max() <= 1


# --- the key ---------------------------------------------------------------------------------------------------------


def test_the_key_is_in_no_log_and_no_repr(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    service.replies = [status(500), seen]
    segmenter = load()
    segmenter.predict(PHOTO)
    assert service.received[0].headers["X-API-Key"] == SECRET
    assert caplog.text
    assert SECRET not in caplog.text + repr(segmenter) + str(segmenter.engine)
    with pytest.raises(TypeError):
        pickle.dumps(Key(SECRET))


@pytest.mark.parametrize("text", ["", "  ", "two words", "new\nline", "schlüssel", "x" * 2000])
def test_what_can_be_no_key_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(RemoteError) as raised:
        Key(text)
    assert not text.strip() or text not in str(raised.value)


def test_a_page_about_the_photo_is_not_read_to_its_end(service: Service) -> None:
    """A refusal is told by its number: what stands in it is nobody's business, however long it is."""

    def long(_service: Service, _received: object, handler: Any) -> None:
        send(handler, 404, b"x" * 5_000_000)

    service.replies = [long]
    assert "knows no model" in str(refusal())
