"""Clean-up of labels: gaps filled, specks and holes removed, boundaries smoothed.

Each works on a picture of any size, tile by tile, or inside an area: then nothing outside changes, though labels beside
it are looked at. Each yields parts that may be painted while the next ones are computed, into the very map that is
read: what comes later does not depend on it. `check` is called between steps and may raise to stop the work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from app.core.arrays import U8, Bool
from app.core.cleanup_nearest import nearest_parts
from app.core.cleanup_regions import Family, Search, small_regions
from app.core.cleanup_smooth import smoothed
from app.core.geometry import Box
from app.core.parts import Area, Check, LabelReader, Part, bounds_of, changed_part, unhindered, within_area
from app.core.regions import Connectivity
from app.core.segment_map import CODES
from resources.classes import CLASS_COUNT

LARGEST_RADIUS = 100
_TILE = 256


def fill_gaps(reader: LabelReader, *, area: Area | None = None, check: Check = unhindered) -> Iterator[Part]:
    """Every unlabelled pixel takes the label of the labelled pixel nearest to it, the smallest class among equals.

    Distances are exact Euclidean ones between pixel centres. Inside an area too the nearest one of the whole picture
    counts. A picture without any label stays as it is.
    """

    def read(box: Box) -> tuple[U8, Bool]:
        labels = reader.labels(box)
        return labels, labels == 0

    return nearest_parts(read, reader.shape, area=area, check=check)


def remove_specks(
    reader: LabelReader,
    *,
    size: int,
    sizes: Mapping[int, int] | None = None,
    classes: Collection[int] | None = None,
    connectivity: Connectivity = Connectivity.CORNERS,
    area: Area | None = None,
    check: Check = unhindered,
) -> Iterator[Part]:
    """Regions of fewer than `size` pixels take the label of the nearest pixel that belongs to no such region.

    `sizes`: by class, of those that have another one. A region is the connected pixels of one label; only those of
    `classes` (0..150, default: 1..150) are removed. What lies around may also be unlabelled; among equally near labels
    a class comes before unlabelled and then the smallest. Inside an area those regions count that lie in it as a whole.
    """
    wanted = range(1, CLASS_COUNT + 1) if classes is None else sorted(set(classes))
    limits = dict.fromkeys(wanted, size) | {key: own for key, own in (sizes or {}).items() if key in wanted}
    families = [Family(np.arange(CODES) == _checked(class_id), limit - 1) for class_id, limit in limits.items()]
    search = Search(families=families, connectivity=connectivity, area=area)
    specks = small_regions(reader, search, check=check)

    def read(box: Box) -> tuple[U8, Bool]:
        return reader.labels(box), specks.read(box)

    if specks.boxes:
        yield from nearest_parts(read, reader.shape, area=area, check=check)


def fill_holes(
    reader: LabelReader, *, class_id: int, size: int, area: Area | None = None, check: Check = unhindered
) -> Iterator[Part]:
    """Holes of at most `size` pixels in `class_id` (0..150) take that class.

    A hole is what is connected by edges, of whatever labels, and enclosed by the class: it does not touch the picture's
    border, and inside an area it lies in it as a whole.
    """
    others = Family(np.arange(CODES) != _checked(class_id), size)
    search = Search(families=[others], connectivity=Connectivity.EDGES, enclosed=True, area=area)
    holes = small_regions(reader, search, check=check)
    for box in holes.boxes:
        check()
        labels = reader.labels(box)
        part = changed_part(box, labels, np.full_like(labels, class_id), within=holes.read(box))
        if part is not None:
            yield part


def smooth(reader: LabelReader, *, radius: int, area: Area | None = None, check: Check = unhindered) -> Iterator[Part]:
    """Every pixel takes the label that most pixels within `radius` (1..100) of it have; unlabelled votes like a class.

    Its own label stays where no other has more votes; among others with equally many the smallest class wins, and a
    class before unlabelled. Pixels beyond the picture do not vote. ValueError for other radii.
    """
    if not 1 <= radius <= LARGEST_RADIUS:
        raise ValueError(f"A radius of {radius} pixels is not within 1..{LARGEST_RADIUS}.")
    waiting: list[Part] = []  # the row of tiles before this one is kept back: this one looks into it
    row = -1
    done: list[Part] = []
    for tile in bounds_of(area, reader.shape).tiles(_TILE):
        check()
        if tile.y0 != row:
            yield from waiting
            waiting, done, row = done, [], tile.y0
        window = tile.grow(radius).clip(reader.shape)
        labels = reader.labels(window)
        if labels.min() == labels.max():
            continue
        inner = tile.move(-window.x0, -window.y0)
        before = labels[inner.slices]
        part = changed_part(tile, before, smoothed(labels, inner, radius), within=within_area(area, tile))
        if part is not None:
            done.append(part)
    yield from waiting
    yield from done


def _checked(class_id: int) -> int:
    if not 0 <= class_id <= CLASS_COUNT:
        raise ValueError(f"Class {class_id} is not within 0..{CLASS_COUNT}.")
    return class_id
