"""A missing display is one sentence and an exit code, never an abort."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from app.chrome.display import display_problem

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only X11 and Wayland can be asked")


@linux
@pytest.mark.parametrize("name", ["", ":7654", "no such host:0"])
def test_the_window_says_that_there_is_no_display(name: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY")}
    result = subprocess.run(
        [sys.executable, "-m", "app"], env=environment | {"DISPLAY": name}, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 3
    assert result.stderr.count("\n") == 1
    assert "there can be no window" in result.stderr
    assert name in result.stderr


def test_a_platform_that_needs_no_display_is_no_problem() -> None:
    assert display_problem({"QT_QPA_PLATFORM": "offscreen"}) is None
    assert display_problem({"WAYLAND_DISPLAY": "wayland-0"}) is None
