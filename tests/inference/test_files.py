"""Files that people name: what is no file is refused at once, and nobody waits for it."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from inference.errors import WeightsError
from inference.files import opened
from inference.models import find_card
from inference.weights_store import add

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes have no path there")


@pytest.fixture(params=["pipe", "socket", "device"])
def no_file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """What is called x.pth and is no file, and its kind; to open a pipe would wait for somebody who writes."""
    monkeypatch.chdir(tmp_path)  # the path of a socket has to be short
    path = Path("x.pth")
    match request.param:
        case "pipe":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as heard:
                heard.bind(str(path))
        case "device":
            path.symlink_to("/dev/zero")
    return path, request.param


def test_what_is_no_file_is_refused_and_not_waited_for(no_file: tuple[Path, str]) -> None:
    path, kind = no_file
    with pytest.raises(WeightsError, match=rf"^x\.pth is a {kind}, not a weights file\.$"):
        opened(path, wanted="a weights file", refusal=WeightsError)


def test_no_weights_are_taken_from_it(no_file: tuple[Path, str]) -> None:
    path, kind = no_file
    for use in (add, find_card):
        with pytest.raises(WeightsError, match=f"is a {kind}, not a weights file"):
            use(path)
