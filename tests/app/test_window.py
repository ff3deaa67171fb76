"""The window as a program of its own: what it leaves on the terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from PIL import Image

from resources.samples import sample_paths

ROOT = Path(__file__).parents[2]


def test_a_picture_of_the_window_is_taken_without_a_display_and_nothing_is_complained_of(tmp_path: Path) -> None:
    places = {name: str(tmp_path / name) for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
    picture = tmp_path / "window.png"
    ended = subprocess.run(
        [sys.executable, "-m", "app", "--screenshot", str(picture), str(sample_paths()[0])],
        cwd=ROOT,
        env=os.environ | places | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    with Image.open(picture) as taken:
        assert taken.width >= 1440
