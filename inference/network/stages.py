"""The table that every EfficientNet-Lite is built from. No torch here: weights are recognised by it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Stage:
    """One row of the architecture's table; `feature` marks the stages whose output the context path uses."""

    expansion: int
    kernel: int
    stride: int
    width: int
    repeats: int
    feature: bool


LITE0 = (
    Stage(1, 3, 1, 16, 1, False),
    Stage(6, 3, 2, 24, 2, True),  # res2
    Stage(6, 5, 2, 40, 2, True),  # res3
    Stage(6, 3, 2, 80, 3, False),
    Stage(6, 5, 1, 112, 3, True),  # res4
    Stage(6, 5, 2, 192, 4, False),
    Stage(6, 3, 1, 320, 1, True),  # res5
)


def scaled(*, width: float, depth: float) -> tuple[Stage, ...]:
    """Lite0's stages made wider and deeper: widths to the nearest multiple of 8, repeats rounded up.

    The rule is EfficientNet's (arXiv 1905.11946); the Lite ones leave the repeats of the first and last stage as they
    are (both 1).
    """
    first, *inner, last = (replace(stage, width=8 * round(stage.width * width / 8)) for stage in LITE0)
    return first, *(replace(stage, repeats=math.ceil(stage.repeats * depth)) for stage in inner), last
