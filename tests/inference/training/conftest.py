"""What every test of a training needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from tests.inference.training.small_networks import narrow_backbone
from tests.inference.training.small_runs import Finish, small_run


@contextmanager
def one_thread_only() -> Iterator[None]:
    """Sums in one order, so that two runs can be compared bit by bit; and no waiting for busy cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with one_thread_only():
        yield


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks made in this process have a narrow backbone, and jobs take half as long."""
    narrow_backbone(monkeypatch)


@pytest.fixture(scope="session")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Finish:
    """A job of the head that nothing interrupted, of a narrow network; to be looked at only."""
    with one_thread_only(), pytest.MonkeyPatch.context() as monkeypatch:
        narrow_backbone(monkeypatch)
        return small_run(tmp_path_factory.mktemp("unbroken"))
