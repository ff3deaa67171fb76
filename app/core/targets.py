"""What a click on a picture means: the pixels that fill, relabel and the like work on."""

from __future__ import annotations

from enum import Enum
from typing import assert_never

from app.core.arrays import U8, Bool
from app.core.geometry import Box
from app.core.regions import region_at, region_of_code, region_of_codes
from app.core.segment_map import NETWORK_MAX, SegmentMap


class Scope(Enum):
    """How much of a picture a click reaches."""

    SEGMENT = "segment"  # every pixel of the query under the pointer, connected or not
    REGION = "region"  # the connected pixels of one label
    CLASS = "class"  # every pixel of one label


def target_at(segment_map: SegmentMap, label_table: U8, x: int, y: int, scope: Scope) -> tuple[Box, Bool] | None:
    """The pixels that `scope` means at pixel (x, y): box and mask (h, w) bool; None outside the picture.

    `label_table` (256,) uint8: the label of every code. A segment is everything that shows the same query, also one
    that the threshold hides; what a person decided and what nobody decided belongs to no query: there the connected
    pixels of the same code are meant.
    """
    if not segment_map.box.contains(x, y):
        return None
    code = segment_map.code_at(x, y)
    match scope:
        case Scope.SEGMENT:
            return region_of_code(segment_map, code) if 1 <= code <= NETWORK_MAX else region_at(segment_map, x, y)
        case Scope.REGION:
            return region_at(segment_map, x, y, table=label_table)
        case Scope.CLASS:
            return region_of_codes(segment_map, label_table == label_table[code])
        case unexpected:
            assert_never(unexpected)
