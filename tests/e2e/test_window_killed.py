"""The real window is killed in the middle of strokes, and the next one goes on where it was."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from tests.e2e.test_killed import ROOT, Diary

PATIENCE = 120.0  # seconds until a window is there
LIVES = 4
LONGEST_LIFE = 1.5  # seconds from the first stroke that is kept until it is killed
SOURCE = Path(__file__).with_name("window_child.py")


def live(folder: Path, seed: int, *, seconds: float) -> list[str]:
    """What a window says that is killed so long after the first stroke was kept."""
    child = subprocess.Popen(
        [sys.executable, str(SOURCE), str(folder), str(seed)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"},
        bufsize=0,
    )
    assert child.stdout is not None
    text, limit = "", time.monotonic() + PATIENCE
    while (left := limit - time.monotonic()) > 0:
        if select.select([child.stdout], [], [], left)[0]:
            said = os.read(child.stdout.fileno(), 2**16).decode()
            assert said, "the window has crashed"
            if "\nkept " not in text and "\nkept " in text + said:
                limit = time.monotonic() + seconds
            text += said
    child.send_signal(signal.SIGKILL)
    text += child.stdout.read().decode()
    child.wait()
    child.stdout.close()
    assert "\nkept " in text, f"nothing was painted: {text}"
    return text.splitlines()


def told(lines: list[str], word: str) -> list[str]:
    return [line.partition(" ")[2] for line in lines if line.startswith(f"{word} ")]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that nothing can catch")
def test_the_window_goes_on_where_it_was_killed(photos: list[Path]) -> None:
    random, diary = Random(), Diary()
    looked = ""
    for number in range(LIVES):
        lines = live(photos[0].parent, random.randrange(10**6), seconds=random.uniform(0, LONGEST_LIFE))
        (shown,) = told(lines, "shows")
        sentences = [sentence for sentence in told(lines, "told") if "ended unexpectedly" in sentence]
        if number:
            name, *view = shown.split()
            assert name == photos[0].name
            assert [float(value) for value in view] == pytest.approx([float(value) for value in looked.split()], abs=1)
            assert len(sentences) == 1
            assert sentences[0].endswith(f"in {photos[0].name}.")
        else:
            assert not sentences
        (steps,) = told(lines, "steps")
        (found,) = told(lines, "found")
        count, done = map(int, steps.split())
        assert (found.split()[0] == "0") is (done == 0)
        assert count >= done
        (looked,) = told(lines, "looks")
        diary.read(lines)
    assert len(diary.pixels) > LIVES
