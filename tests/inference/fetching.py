"""Downloads of one file from the server on this machine, in a hurry."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference import download_job
from inference.downloads import DownloadError, Patience, download
from tests.inference.serving import serving
from tests.inference.web import Web

CONTENT = random.Random(0).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HURRIED = Patience(connect=30, silence=30, attempts=3, attempts_unheard=2, pause=0.001, longest_pause=0.01)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("NO_PROXY", "*")
    with serving(Web(CONTENT)) as web:
        yield web


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "store" / "weights.bin"


def fetch(web: Web, target: Path, **more: object) -> str:
    return download(web.url(), target, **{"patience": HURRIED, **more})


def refusal(web: Web, target: Path, **more: object) -> str:
    """What is said; nothing is in the file's place then."""
    with pytest.raises(DownloadError) as caught:
        fetch(web, target, **more)
    assert not target.exists()
    return str(caught.value)


def left_behind(target: Path) -> set[str]:
    return {path.name for path in target.parent.iterdir()}


def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that are made from now on, which take no time."""
    made: list[float] = []
    monkeypatch.setattr(download_job.tenacity, "sleep_using_event", lambda _: made.append)
    return made
