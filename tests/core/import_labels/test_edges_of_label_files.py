"""Label files at the edge of what they may be: the last row, the last colour, one pixel that shines through."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from app.core.import_labels import Conversion, Kind, Numbers, PhotoFrame, Reading, inspect, read, settle
from app.core.import_labels.frames import Fit
from resources.classes import palette

SHAPE = (6, 5)


def test_the_row_after_the_last_whole_band_is_read(tmp_path: Path) -> None:
    """Colours are read some rows at a time."""
    for height in (255, 256, 257, 513):
        labels = np.full((height, 4), 3, np.uint8)
        labels[-1] = 150
        file = tmp_path / f"{height}.png"
        Image.fromarray(palette()[labels]).save(file)
        finding = inspect(file, PhotoFrame((height, 4)))
        assert finding.convertible
        np.testing.assert_array_equal(read(finding, finding.choices[0]), labels)


def test_a_colour_just_beyond_the_end_of_the_palette_is_damage(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 1, 2], [2, 1, 3]], np.uint8)).convert("L")
    picture.putpalette(palette()[1:4].tobytes())  # 3 colours in 2 bits, which can say 3
    picture.save(tmp_path / "short.png")
    finding = inspect(tmp_path / "short.png")
    assert finding.kind is Kind.DAMAGED
    assert finding.sentence == "short.png is damaged: it uses colours that its palette does not have."


def test_one_pixel_that_is_partly_transparent_is_enough(tmp_path: Path) -> None:
    for depth in (1, 3):
        pixels = np.full((*SHAPE, depth + 1), 255, np.uint8)
        pixels[..., :depth] = 7
        pixels[2, 3, depth] = 254
        file = tmp_path / f"{depth}.png"
        Image.fromarray(pixels, "LA" if depth == 1 else "RGBA").save(file)
        assert inspect(file).kind is Kind.SEE_THROUGH


def test_proportions_are_judged_by_the_side_that_rounds_less() -> None:
    """A third of a pixel in the height of a wide photo is more than one in its width."""
    assert PhotoFrame((300, 1000)).fit((33, 111)) == Fit((False,), scaled=True)
    assert PhotoFrame((1000, 300)).fit((111, 33)) == Fit((False,), scaled=True)
    assert PhotoFrame((300, 1000)).fit((33, 114)).turns == ()


def test_colours_beside_numbers_say_nothing_of_how_those_count(tmp_path: Path) -> None:
    """The last class in colours is no number 150: plain files beside files from 0 are still most likely from 0."""
    zero, plain, coloured = (tmp_path / f"{name}.png" for name in ("zero", "plain", "coloured"))
    Image.fromarray(np.array([[0, 149], [255, 3]], np.uint8)).save(zero)
    Image.fromarray(np.array([[1, 2], [3, 4]], np.uint8)).save(plain)
    Image.fromarray(palette()[np.array([[150, 1], [2, 0]], np.uint8)]).save(coloured)
    found = settle([inspect(file) for file in (zero, plain, coloured)])
    assert Kind.ZERO_BASED in found[0].kinds
    assert found[1].kinds == (Kind.UNSURE_NUMBERS,)
    assert found[1].choices[0] == Conversion(Reading.VALUES, Numbers.ZERO_BASED)
    assert found[2].kinds == (Kind.COLOUR,)
