"""A model is not compared on pictures that it has learned from, as long as there are others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inference.learning.generations import LEARNED_FROM, knows, learned_from
from inference.learning.job import Job, JobPicture, is_held_back
from inference.learning.pictures import place_of
from inference.learning.settings import LearnSettings
from tests.inference.learning.jobs import finished_picture, small_parent

NAMES = [f"{number}.jpg" for number in range(20)]


def lineage(*names: str, parent: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {LEARNED_FROM: learned_from(parent or {}, names)}


def test_a_model_knows_what_it_and_those_before_it_learned_from() -> None:
    child = lineage("c.jpg", "a.jpg", parent=lineage("a.jpg", "b.jpg"))
    assert [name for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg") if knows(child)(name)] == ["a.jpg", "b.jpg", "c.jpg"]
    assert len(child[LEARNED_FROM]) == 3 * 4 / 3 * 4  # no picture twice


@pytest.mark.parametrize("said", [None, 3, "no base64!", "", []])
def test_where_a_card_says_nothing_that_makes_sense_nothing_is_known(said: object) -> None:
    assert not knows({LEARNED_FROM: said})("a.jpg")
    assert not knows({})("a.jpg")


def shared_out(folder: Path, *, held_back: float, known: list[str]) -> tuple[JobPicture, ...]:
    settings = LearnSettings(held_back=held_back)
    pictures = [finished_picture(name, held_back=is_held_back(name, held_back)) for name in NAMES]
    parent = replace(small_parent(folder), lineage=lineage(*known))
    job = Job.create(folder / "job", parent=parent, name="mine", settings=settings, pictures=pictures)
    assert Job.open(job.folder).pictures == job.pictures
    return job.pictures


def test_a_larger_share_later_holds_back_no_picture_that_the_parent_learned_from(tmp_path: Path) -> None:
    first = [name for name in NAMES if is_held_back(name, 0.2)]
    known = [name for name in NAMES if name not in first]
    assert any(is_held_back(name, 0.6) for name in known)
    pictures = shared_out(tmp_path, held_back=0.6, known=known)
    assert [picture.name for picture in pictures if picture.held_back] == first
    assert [picture.name for picture in pictures if picture.known] == known


def test_one_that_it_does_not_know_changes_sides_before_others(tmp_path: Path) -> None:
    unknown = max(NAMES, key=place_of)
    pictures = shared_out(tmp_path, held_back=0.2, known=[name for name in NAMES if name != unknown])
    assert [picture.name for picture in pictures if picture.held_back] == [unknown]


def test_where_it_knows_all_of_them_the_nearest_is_held_back(tmp_path: Path) -> None:
    held_back = [picture for picture in shared_out(tmp_path, held_back=0.2, known=NAMES) if picture.held_back]
    assert [(picture.name, picture.known) for picture in held_back] == [(min(NAMES, key=place_of), True)]
