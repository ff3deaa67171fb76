"""The tables: made, migrated, and refused where they are not ours or newer."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import DamagedProjectError, ProjectError
from app.core.patches import Patch
from app.core.pictures import PictureStatus
from app.core.project import schema
from app.core.project.places import FILE_NAME
from tests.core.project.projects import SHAPE, Painter, layer_patch, loaded, opened, painted

# The tables as version 1 made them. They are never changed: files like that are out there.
VERSION_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE picture (
    id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, size INTEGER, mtime_ns INTEGER, header BLOB,
    height INTEGER, width INTEGER, status TEXT NOT NULL DEFAULT 'new', reason TEXT NOT NULL DEFAULT '',
    threshold REAL, model TEXT, revision INTEGER NOT NULL DEFAULT 0, last INTEGER NOT NULL DEFAULT 0,
    exported_revision INTEGER, exported_threshold REAL, exported TEXT, repredicted INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE base (
    picture INTEGER PRIMARY KEY REFERENCES picture ON DELETE CASCADE, revision INTEGER NOT NULL, corrections BLOB
);
CREATE TABLE step (
    id INTEGER PRIMARY KEY, picture INTEGER NOT NULL REFERENCES picture ON DELETE CASCADE,
    revision INTEGER NOT NULL, previous INTEGER NOT NULL, text TEXT NOT NULL, patch BLOB NOT NULL,
    UNIQUE (picture, revision)
);
CREATE TABLE snapshot (
    picture INTEGER PRIMARY KEY REFERENCES picture ON DELETE CASCADE, revision INTEGER NOT NULL, corrections BLOB
);
CREATE TABLE prediction (
    picture INTEGER PRIMARY KEY REFERENCES picture ON DELETE CASCADE,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, header BLOB NOT NULL, data BLOB NOT NULL
);
CREATE TABLE areas (picture INTEGER PRIMARY KEY REFERENCES picture ON DELETE CASCADE, segments BLOB NOT NULL);
PRAGMA application_id = 0x4144454d;
PRAGMA user_version = 1;
"""
TABLES = ("meta", "picture", "base", "step", "snapshot", "prediction", "areas")


def written(file: Path, script: str) -> bytes:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)
    return file.read_bytes()


def contents(file: Path) -> dict[str, list[dict[str, object]]]:
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        return {table: [dict(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in TABLES}


def test_a_new_file_has_today_s_version(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
        assert connection.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        made = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert made == set(TABLES) == set(schema.TABLES)


numbers = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
pictures = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.binary(min_size=1, max_size=8),
            "size": numbers,
            "mtime_ns": numbers,
            "header": st.one_of(st.none(), st.binary(max_size=16)),
            "status": st.sampled_from([status.value for status in PictureStatus]),
            "reason": st.text(max_size=5),
            "threshold": st.one_of(st.none(), st.floats(0, 1)),
            "model": st.one_of(st.none(), st.text(max_size=3)),
            "exported": st.one_of(st.none(), st.text(max_size=3)),
            "steps": st.lists(st.binary(max_size=20), max_size=3),
            "blobs": st.lists(st.binary(max_size=20), min_size=4, max_size=4),
        }
    ),
    max_size=4,
    unique_by=lambda row: row["name"],
)


def fill(connection: sqlite3.Connection, rows: list[dict[str, object]]) -> None:
    for row in rows:
        steps, blobs = row["steps"], row["blobs"]
        assert isinstance(steps, list)
        assert isinstance(blobs, list)
        columns = [key for key in row if key not in ("steps", "blobs")]
        (picture,) = connection.execute(
            f"INSERT INTO picture ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) RETURNING id",
            [row[column] for column in columns],
        ).fetchone()
        for revision, patch in enumerate(steps, 1):
            step = (picture, revision, revision - 1, "Brush", patch)
            connection.execute(
                "INSERT INTO step (picture, revision, previous, text, patch) VALUES (?, ?, ?, ?, ?)", step
            )
        connection.execute("INSERT INTO base VALUES (?, 0, ?)", (picture, blobs[0]))
        connection.execute("INSERT INTO snapshot VALUES (?, 0, ?)", (picture, blobs[1]))
        connection.execute("INSERT INTO prediction VALUES (?, 1, 2, x'03', ?)", (picture, blobs[2]))
        connection.execute("INSERT INTO areas VALUES (?, ?)", (picture, blobs[3]))


@given(rows=pictures, facts=st.dictionaries(st.text(max_size=3), st.sampled_from(("1", '"x"', "[]")), max_size=3))
@settings(max_examples=40)
def test_a_file_of_version_1_comes_over_with_every_value(rows: list[dict[str, object]], facts: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory(prefix="ade-mask-studio-project-") as folder:
        file = Path(folder, FILE_NAME)
        written(file, VERSION_1)
        with closing(sqlite3.connect(file)) as connection, connection:
            fill(connection, rows)
            connection.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
        before = contents(file)
        opened(Path(folder)).close()
        after = contents(file)
        for row in after["picture"]:
            assert row.pop("note") == ""
            assert row.pop("gone") == 0
        assert after == before
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_work_goes_on_in_a_file_of_version_1(tmp_path: Path) -> None:
    written(tmp_path / FILE_NAME, VERSION_1)
    layer = Painter.empty()
    after = painted(layer, 5)
    patch = layer_patch(layer, after)
    assert isinstance(patch, Patch)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection, connection:
        connection.execute(
            "INSERT INTO picture (name, height, width, revision, last, status) VALUES (?, ?, ?, 7, 7, 'in work')",
            (b"a.jpg", *SHAPE),
        )
        connection.execute(
            "INSERT INTO step (picture, revision, previous, text, patch) VALUES (1, 7, 0, 'Brush', ?)",
            (patch.to_bytes(),),
        )
    with closing(opened(tmp_path)) as store:
        kept = loaded(store, "a.jpg")
        assert (kept.revision, kept.steps[0].patch, kept.note) == (7, patch, "")
        painter = Painter(store, "a.jpg", first=8)
        painter.revision, painter.layers[7] = 7, after
        painter.paint(3)
        store.set_note("a.jpg", "sky is hard")
        assert store.rows()[0].has_note


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = written(tmp_path / FILE_NAME, VERSION_1)
    broken = (*schema.MIGRATIONS[1], "ALTER TABLE nothing ADD COLUMN x")
    monkeypatch.setattr(schema, "MIGRATIONS", (schema.MIGRATIONS[0], broken))
    with pytest.raises(sqlite3.OperationalError, match="nothing"):
        opened(tmp_path)
    assert "note" not in before.decode("latin-1")
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert "note" not in [row[1] for row in connection.execute("PRAGMA table_info(picture)")]


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_version_is_refused_and_left_alone(tmp_path: Path, read_only: bool) -> None:  # noqa: FBT001
    opened(tmp_path).close()
    before = written(tmp_path / FILE_NAME, f"PRAGMA user_version = {schema.VERSION + 1}")
    names = sorted(tmp_path.iterdir())
    with pytest.raises(ProjectError, match="newer version") as caught:
        opened(tmp_path, read_only=read_only)
    assert not isinstance(caught.value, DamagedProjectError)
    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert sorted(tmp_path.iterdir()) == names


@pytest.mark.parametrize("script", ["CREATE TABLE x (y)", "PRAGMA application_id = 5", "PRAGMA user_version = 1"])
def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path, script: str) -> None:
    before = written(tmp_path / FILE_NAME, script)
    with pytest.raises(ProjectError, match="another program"):
        opened(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert sorted(tmp_path.iterdir()) == [tmp_path / FILE_NAME]


def test_an_older_version_cannot_be_brought_up_to_date_by_who_may_only_read(tmp_path: Path) -> None:
    before = written(tmp_path / FILE_NAME, VERSION_1)
    with pytest.raises(ProjectError, match="earlier version"):
        opened(tmp_path, read_only=True)
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_an_empty_file_becomes_a_project(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).touch()
    with closing(opened(tmp_path)) as store:
        assert store.rows() == []
        assert not store.rescued
