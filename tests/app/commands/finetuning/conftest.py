"""What every test of the command needs: photos that are corrected, and a training that a test plays."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from app.commands import finetune_job
from tests.app.commands.finetuning.finetune_scene import PICTURES, Learning
from tests.core.learnable import decisions, finished
from tests.core.project.projects import opened, some_prediction


@pytest.fixture
def learning(monkeypatch: pytest.MonkeyPatch) -> Learning:
    learning = Learning()
    monkeypatch.setattr(finetune_job, "LearnProcess", learning.process)
    monkeypatch.setattr(finetune_job, "measure_pace", learning.pace)
    return learning


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of photos that are corrected and marked done; its project is closed."""
    folder = tmp_path_factory.mktemp("corrected")
    with closing(opened(folder)) as store:
        for number in range(PICTURES):
            answer = some_prediction(number, size=decisions().shape)
            finished(store, f"{number}.png", corrections=decisions(), prediction=answer, seed=number)
    return folder


@pytest.fixture
def photos(corrected: Path, tmp_path: Path) -> Path:
    """Such a folder to do anything with."""
    return Path(shutil.copytree(corrected, tmp_path / "photos"))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Where the new model shall be."""
    return tmp_path / "models" / "mine.safetensors"
