"""What a model that learned may be called, and where its job lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.learning.names import free_name, job_folder, refusal_of_name
from inference.ledger import is_name
from tests.app.stored_models import entered


@pytest.mark.parametrize(
    ("parent", "folder", "name"),
    [
        ("starter", "castle", "starter-castle"),
        ("starter", "My photos (2024)!", "starter-My-photos-2024"),
        ("starter-castle", "castle", "starter-castle"),
        ("starter-castle-3", "castle", "starter-castle"),
        ("starter", "", "starter"),
        ("???", "!!!", "learned"),
        ("starter", "写真", "starter-写真"),
        ("starter", "x" * 300, f"starter-{'x' * 40}"),
    ],
)
def test_a_name_says_where_a_model_comes_from(parent: str, folder: str, name: str) -> None:
    found = free_name(parent, folder)
    assert is_name(found)
    assert found == ("starter-2" if name == "starter" else name)  # that one is taken
    assert refusal_of_name(found) == ""


def test_a_name_that_is_taken_gets_a_number() -> None:
    entered("starter-castle")
    assert free_name("starter", "castle") == "starter-castle-2"
    entered("starter-castle-2")
    assert free_name("starter-castle-2", "castle") == "starter-castle-3"
    assert "already" in refusal_of_name("starter-castle")


@pytest.mark.parametrize("name", ["", "../evil", "starter", "a/b", " mine", "x" * 200])
def test_what_cannot_be_a_name_is_refused_in_a_sentence(name: str) -> None:
    assert refusal_of_name(name).endswith(".")


def test_each_project_has_a_folder_for_its_job(tmp_path: Path) -> None:
    folders = {job_folder(tmp_path / name) for name in ("a", "b", "c\udcff")}
    assert len(folders) == 3
    assert job_folder(tmp_path / "a") in folders
