"""Every sample photograph may be shipped and says so, and opens as the application expects it."""

from __future__ import annotations

import re
from importlib import resources

import pytest
from PIL import Image

from resources.samples import sample_paths

LICENCES = re.compile(r"public domain|CC0 1\.0|CC BY \d\.\d|CC BY-SA \d\.\d")
COLUMNS = ("file", "what it shows", "author", "source", "licence", "what was changed")


@pytest.fixture(scope="module")
def table() -> dict[str, dict[str, str]]:
    """The rows of the README beside the samples, by file name."""
    text = resources.files("resources.samples").joinpath("README.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    assert tuple(rows[0]) == COLUMNS
    return {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in rows[2:]}


def test_there_are_enough_and_all_are_listed(table: dict[str, dict[str, str]]) -> None:
    names = [path.name for path in sample_paths()]
    assert len(names) >= 8
    assert names == sorted(table)


def test_every_sample_names_author_source_and_a_free_licence(table: dict[str, dict[str, str]]) -> None:
    for row in table.values():
        assert all(row.values())
        assert LICENCES.search(row["licence"]), row["file"]


def test_samples_are_rgb_photographs_of_at_most_2000_pixels() -> None:
    for path in sample_paths():
        with Image.open(path) as photo:
            photo.load()
            assert photo.format == "JPEG"
            assert photo.mode == "RGB"
            assert max(photo.size) <= 2000
            assert min(photo.size) >= 400


def test_samples_stay_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in sample_paths()) < 3_500_000
