"""What jobs begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.models import ModelCard
from tests.inference.learning.jobs import small_parent


@pytest.fixture
def parent(tmp_path: Path) -> ModelCard:
    return small_parent(tmp_path)
