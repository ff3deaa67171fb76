"""Nothing that was finished is lost, whenever the application is killed."""

from __future__ import annotations

import hashlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from app.core.patches import apply_patch
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from app.core.segment_map import SegmentMap
from tests.e2e.stroke_child import SHAPE

KILLS = 52
PATIENCE = 60.0  # seconds for a life to begin
MOST_STROKES = 8  # that a life says before it is killed, however long the computer takes for them
LONGEST_REST = 0.02  # seconds that it lives on after that
SOURCE = Path(__file__).with_name("stroke_child.py")
ROOT = SOURCE.parents[2]


@dataclass
class Diary:
    """What all lives together have said."""

    pixels: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # by revision, the latest last
    order: list[str] = field(default_factory=lambda: ["0"])  # revisions as they were stood at
    kept: int = 0  # index into `order`: what must be there at least
    certain: set[str] = field(default_factory=set)  # revisions that are in the file and so are never used again

    def read(self, lines: list[str]) -> None:
        """All that one life has said."""
        began = len(self.order)
        for line in lines:
            match line.split():
                case ["found", revision, pixels]:
                    assert revision in self.order[self.kept :], "a step that was kept is lost"
                    assert pixels in self.pixels[revision] or not self.certain
                    self._stand_at(revision, pixels)
                    self.kept, began = len(self.order) - 1, len(self.order)
                    self.certain.add(revision)
                case ["did", revision, pixels]:
                    self._stand_at(revision, pixels)
                case ["kept", number] if began + int(number) > self.kept:
                    self.certain |= set(self.order[self.kept : began + int(number)])
                    self.kept = began + int(number) - 1
        assert self.kept < len(self.order)

    def _stand_at(self, revision: str, pixels: str) -> None:
        """A revision looks the same, bit for bit, in this life and in every other: if it was kept in an earlier one."""
        if revision in self.certain:
            assert self.pixels[revision][-1] == pixels
        self.pixels[revision].append(pixels)
        self.order.append(revision)


class Lives:
    """Lives of the painter, one after the other."""

    def __init__(self, picture: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
        self._nursery = subprocess.Popen(
            [sys.executable, str(SOURCE), str(picture)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            bufsize=0,
        )
        assert self._nursery.stdout is not None
        self._output = self._nursery.stdout.fileno()
        self._text = ""

    def live(self, seed: int, *, strokes: int, seconds: float, after: str) -> list[str]:
        """What a life says that is killed so many strokes and seconds after it has said the word `after`."""
        assert self._nursery.stdin is not None
        self._text = ""
        self._nursery.stdin.write(b"%d\n" % seed)
        self._read_until(after, PATIENCE)
        self._read_until("\ndid ", PATIENCE, times=strokes)
        child = int(self._text.partition("born ")[2].split(maxsplit=1)[0])
        self._read_until("nothing that is ever said", seconds)
        os.kill(child, signal.SIGKILL)
        self._read_until("dead\n", PATIENCE)
        return self._text.splitlines()

    def _read_until(self, word: str, seconds: float, *, times: int = 1) -> None:
        limit = time.monotonic() + seconds
        while self._text.count(word) < times and (left := limit - time.monotonic()) > 0:
            if select.select([self._output], [], [], left)[0]:
                said = os.read(self._output, 2**16)
                assert said, "the painter has crashed"
                self._text += said.decode()

    def end(self) -> None:
        self._nursery.communicate()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    picture = tmp_path / "castle.jpg"
    shutil.copy(ROOT / "resources" / "samples" / "castle.jpg", picture)
    return picture


@pytest.fixture
def lives(picture: Path) -> Iterator[Lives]:
    lives = Lives(picture)
    yield lives
    lives.end()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="lives are forked")
def test_every_finished_stroke_survives_any_kill(lives: Lives, picture: Path) -> None:
    random, diary = Random(), Diary()
    for number in range(KILLS):
        after = "born" if number % 10 == 9 else "found"  # now and then before it has found anything
        strokes = 0 if after == "born" else random.randint(0, MOST_STROKES)
        rest = random.uniform(0, LONGEST_REST)
        diary.read(lives.live(random.randrange(10**6), strokes=strokes, seconds=rest, after=after))
    assert len(diary.pixels) > KILLS, "hardly a stroke was painted"
    assert_history_leads_back(picture, diary)


def assert_history_leads_back(picture: Path, diary: Diary) -> None:
    """The steps that are there lead to where the picture stands, bit for bit, and each of them to what it was."""
    store = ProjectStore.open(picture.parent, picture.parent / FILE_NAME)
    stored = store.load(picture.name, most_bytes=2**40)
    store.close()
    assert stored is not None
    assert stored.base_revision == 0
    assert not stored.damaged_steps
    segment_map = SegmentMap(*SHAPE)
    for step in stored.steps:
        apply_patch(segment_map, step.patch, forward=True)
        pixels = hashlib.blake2b(segment_map.human.tobytes(), digest_size=8).hexdigest()
        assert pixels in diary.pixels[str(step.revision)]
    assert stored.revision in {0, *(step.revision for step in stored.steps)}
