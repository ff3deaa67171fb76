"""What several tests of the engines need."""

from __future__ import annotations

import numpy as np

from inference.engines.onnx_engine import OnnxEngine
from inference.models import ModelCard, find_card
from tests.inference.network.agreement import assert_queries_agree

STARTER = find_card("starter")


def onnx_engine(card: ModelCard) -> OnnxEngine:
    return OnnxEngine(card, "cpu", reason="", may_export=False)


def assert_close(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> None:
    for a, b in zip(first, second, strict=True):
        assert a.dtype == b.dtype == np.float32
    assert_queries_agree(first, second)
