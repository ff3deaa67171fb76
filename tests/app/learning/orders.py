"""What the window would ask for: a job from all pictures of a folder that are done."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

from app.core.learning import Showing
from app.learning.gathering import Order
from inference.learning.settings import LearnSettings
from inference.models import find_card
from tests.core.project.projects import opened


def order_of(folder: Path, settings: LearnSettings) -> Order:
    """All that people do is written already."""
    saved: Future[None] = Future()
    saved.set_result(None)
    with closing(opened(folder)) as store:
        return Order(
            root=store.root,
            file=store.file,
            parent=find_card("starter"),
            settings=settings,
            name="mine",
            showing=Showing(),
            saved=lambda: saved,
        )
