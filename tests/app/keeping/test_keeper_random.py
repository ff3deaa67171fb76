"""Random work on pictures of two projects, with ends and crashes of the window in between, against a plain model."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from app.core.project.places import FILE_NAME
from tests.app.working import SHAPE, Work, make_photo

NAMES = ("one/a.png", "one/b.png", "two/a.png")
ACTS = ("paint", "paint", "paint", "undo", "redo", "jump", "show", "close", "crash", "delete", "export")


@dataclass
class Expected:
    """What a picture has to be."""

    layers: list[np.ndarray] = field(default_factory=lambda: [np.zeros(SHAPE, np.uint8)])
    at: int = 0
    exported: int | None = None  # how many steps were done then

    def paint(self, layer: np.ndarray) -> None:
        if np.array_equal(layer, self.layers[self.at]):
            return
        del self.layers[self.at + 1 :]
        if self.exported is not None and self.exported > self.at:
            self.exported = -1  # it is no state of the history any more
        self.layers.append(layer)
        self.at += 1


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 2**16)), min_size=5, max_size=30))
def test_what_comes_back_is_what_was_there(qtbot: QtBot, acts: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory(prefix="ade-mask-studio-keeping-") as name:
        photos = [make_photo(Path(name, photo), number) for number, photo in enumerate(NAMES)]
        expected = {path: Expected() for path in photos}
        work, current = Work(qtbot), photos[0]
        try:
            work.open(current)
            for act, number in acts:
                if act == "show":
                    current = photos[number % len(photos)]
                elif act == "close":
                    work.close()
                    work = Work(qtbot)
                elif act == "crash":
                    work.crash()
                    work = Work(qtbot)
                elif act == "delete":
                    (current.parent / FILE_NAME).unlink(missing_ok=True)
                work.open(current)
                _do(act, number, work, current, expected[current])
                _compare(work, current, expected[current])
            work.close()
            work = Work(qtbot)
            for path, picture in expected.items():
                work.open(path)
                _compare(work, path, picture)
        finally:
            work.keeper.close()


def _do(act: str, number: int, work: Work, path: Path, picture: Expected) -> None:
    if act == "paint":
        work.paint(number)
        picture.paint(work.layer(path))
    elif act == "undo" and picture.at:
        work.session.undo()
        picture.at -= 1
    elif act == "redo" and picture.at + 1 < len(picture.layers):
        work.session.redo()
        picture.at += 1
    elif act == "jump":
        picture.at = number % len(picture.layers)
        work.session.go_to_step(picture.at)
    elif act == "export":
        work.session.mark_exported(path, work.session.export_state(path))
        picture.exported = picture.at


def _compare(work: Work, path: Path, picture: Expected) -> None:
    np.testing.assert_array_equal(work.layer(path), picture.layers[picture.at])
    texts, at = work.history(path)
    assert (len(texts), at) == (len(picture.layers) - 1, picture.at)
    assert work.session.is_exported(path) is (picture.exported == picture.at)
    for index in (0, len(picture.layers) - 1, picture.at):
        work.session.go_to_step(index)
        np.testing.assert_array_equal(work.layer(path), picture.layers[index])
