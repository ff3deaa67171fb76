"""A project in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.core.project.store import ProjectStore
from tests.core.project.projects import opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ProjectStore]:
    """The open project, without pictures."""
    with closing(opened(tmp_path)) as store:
        yield store
