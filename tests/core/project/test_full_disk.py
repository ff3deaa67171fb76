"""A disk that is full at any point of any change: nothing of it is there then, and all of it once there is room."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.core.errors import ProjectError
from app.core.pictures import PictureStatus
from app.core.project.records import StoredStep
from app.core.project.store import ProjectStore
from tests.core.helpers import HUMAN_VALUES
from tests.core.project.projects import SHAPE, Painter, identity, layer_patch, opened, snapshot_of, some_prediction

NOISE = np.random.default_rng(1).choice(np.array(HUMAN_VALUES, np.uint8), SHAPE)
NEW, ANSWER = 950, some_prediction(5, grid=(30, 30))
TABLES = ("meta", "picture", "base", "step", "snapshot", "prediction", "areas")


def record(store: ProjectStore) -> None:
    patch = layer_patch(Painter.empty(), NOISE)
    assert patch is not None
    store.record_step("new.jpg", StoredStep(NEW, "Noise", patch), after=0, shape=SHAPE)


def replace(store: ProjectStore) -> None:
    patch = layer_patch(Painter.empty(), NOISE)
    assert patch is not None
    step = StoredStep(NEW, "Noise", patch)
    store.replace_history("a.jpg", [step], base_revision=0, revision=NEW, shape=SHAPE, corrections=snapshot_of(NOISE))


CHANGES: dict[str, Callable[[ProjectStore], object]] = {
    "step": record,
    "history": replace,
    "snapshot": lambda store: store.keep_snapshot("a.jpg", 4, snapshot_of(NOISE)),
    "answer": lambda store: store.keep_prediction("n.jpg", ANSWER, model="starter", identity=identity(5)),
    "files": lambda store: store.add_files((f"{number}.jpg", identity(number)) for number in range(1000)),
    "note": lambda store: store.set_note("a.jpg", "x" * 20_000),
    "facts": lambda store: store.fill_in((f"{number}", PictureStatus.DONE, "n" * 50) for number in range(500)),
}


def rows(store: ProjectStore) -> list[list[tuple[object, ...]]]:
    return [store._connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES]


def refusal(store: ProjectStore, change: str, *, pages: int) -> ProjectError | None:
    """Why a change is not possible in a file of so many pages; None where it was made."""
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    try:
        CHANGES[change](store)
    except ProjectError as error:
        return error
    return None


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_there_as_a_whole_or_not_at_all(tmp_path: Path, change: str) -> None:
    with closing(opened(tmp_path)) as store:
        Painter(store, "a.jpg").paint(4)
        before = rows(store)
        (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
        refused = 0
        while (error := refusal(store, change, pages=pages + refused)) is not None:
            assert error.may_pass
            assert str(error).endswith("cannot be written: the disk is full.")
            assert rows(store) == before
            assert not store._connection.in_transaction
            refused += 1
        after = rows(store)
    assert refused > 1
    with closing(opened(tmp_path)) as store:
        assert rows(store) == after != before
