"""What a project knows of its pictures, whatever they are called."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from app.core.document import ViewMode
from app.core.export import Rest
from app.core.pictures import PictureStatus
from app.core.project.records import ExportedState
from app.core.project.store import ProjectStore
from tests.core.project.projects import PLENTY, Painter, identity, loaded, opened


def test_nothing_is_known_of_a_picture_at_first(store: ProjectStore) -> None:
    assert store.load("a.jpg", most_bytes=PLENTY) is None
    assert store.prediction("a.jpg") is None
    assert store.rows() == []
    assert store.last_revision == 0
    assert store.value("view") is None
    assert store.with_class(3, threshold=0.5) == set()


def test_facts_come_back(tmp_path: Path) -> None:
    record = ExportedState(0, ViewMode.SEGMENTS, 0.4, ((3, 0.25),), Rest.SEMANTIC)
    with closing(opened(tmp_path)) as store:
        store.add_files([("a.jpg", identity(5))])
        store.set_status("a.jpg", PictureStatus.SKIPPED, "blurred")
        store.set_note("a.jpg", "ask Ännchen about \udcff")
        store.set_threshold("a.jpg", 0.3)
        store.set_exported("a.jpg", record)
        store.set_value("view", {"zoom": 1.5, "picture": "a\udcff.jpg"})
    with closing(opened(tmp_path)) as store:
        kept = loaded(store, "a.jpg")
        assert (kept.identity, kept.status, kept.reason, kept.threshold) == (
            identity(5),
            PictureStatus.SKIPPED,
            "blurred",
            0.3,
        )
        assert kept.note == r"ask Ännchen about \udcff"
        assert kept.exported == record
        assert store.value("view") == {"zoom": 1.5, "picture": "a\udcff.jpg"}
        (row,) = store.rows()
        assert (row.status, row.reason, row.has_note, row.threshold) == (PictureStatus.SKIPPED, "blurred", True, 0.3)


@pytest.mark.parametrize(
    "name", ["with space.jpg", "ÄÖÜ/größe.jpg", "b\udcffd \udc80.png", "写真/海.webp", "-'\";%00?.jpg"]
)
def test_names_of_any_kind(store: ProjectStore, name: str) -> None:
    Painter(store, name).paint()
    store.add_files([(name, identity())])
    assert [row.name for row in store.rows()] == [name]
    assert store.name_of(store.path_of(name)) == name


def test_a_project_in_a_folder_with_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "Photos #1 100% ?x=1&mode=ro ä\udcff"
    folder.mkdir()
    with closing(opened(folder)) as store:
        Painter(store, "a.jpg").paint()
    with closing(opened(folder, read_only=True)) as store:
        assert len(store.rows()) == 1


def test_a_picture_elsewhere_has_no_name_here(store: ProjectStore, tmp_path: Path) -> None:
    assert store.name_of(tmp_path / "sub" / ".." / "a.jpg") == "a.jpg"
    with pytest.raises(ValueError, match="is not in the subpath"):
        store.name_of(tmp_path.parent / "a.jpg")


def test_the_list_can_be_read_in_parts_and_by_names(store: ProjectStore) -> None:
    names = [f"{number}.jpg" for number in range(10)]
    store.add_files((name, identity(number)) for number, name in enumerate(names))
    store.set_note("3.jpg", "the sea")
    store.gone(["4.jpg"])
    parts = [store.rows(part=range(start, start + 4)) for start in range(1, store.last_row() + 1, 4)]
    assert [row for part in parts for row in part] == store.rows()
    assert [row.name for row in store.rows(["7.jpg", "nobody.jpg", "2.jpg"])] == ["7.jpg", "2.jpg"]
    assert store.notes() == {"3.jpg": "the sea"}
