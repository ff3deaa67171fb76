"""What nobody has set goes by the picture: lengths and areas in its pixels grow with large ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.editing.session import Session
from app.tools import TOOLS, make_tool
from app.tools.options import USUAL_PIXELS, Measure, Number
from tests.app.canvas.scene import PATH

MP = 1_000_000
LARGE = Path("/photos/large.jpg")


def show_large(session: Session) -> None:
    """Sixteen times the pixels up to which the defaults are as written, of which hardly any memory is taken."""
    side = round((16 * USUAL_PIXELS) ** 0.5)
    session.show(LARGE)
    session.attach_photo(LARGE, (np.broadcast_to(np.uint8(90), (side, side, 3)),))


def numbers() -> list[Number]:
    return [option for tool in TOOLS.values() for option in tool.options if isinstance(option, Number)]


def test_in_a_usual_picture_the_default_is_as_written() -> None:
    for number in numbers():
        assert number.default_in(0) == number.default_in(MP) == number.default_in(USUAL_PIXELS) == number.default


@pytest.mark.parametrize("pixels", [12 * MP, 24 * MP, 100 * MP, 250 * MP])
def test_a_length_keeps_its_share_of_the_picture_and_an_area_too(pixels: int) -> None:
    for number in numbers():
        default = number.default_in(pixels)
        assert number.accepts(default)
        assert float(default).is_integer() or number.decimals
        if number.measures is Measure.NONE:
            assert default == number.default
        elif default < number.high:
            share = (pixels / USUAL_PIXELS) ** (number.measures / 2)
            assert default == pytest.approx(number.default * share, rel=0.05)


def test_what_is_a_few_pixels_of_the_screen_stays_so_at_24_and_100_megapixels() -> None:
    """Seen as a whole in a window of 1200 pixels, a superpixel is some 20 pixels wide and a band some 10."""
    size, band = (
        next(option for option in TOOLS[tool].options if isinstance(option, Number))
        for tool in ("superpixels", "refine")
    )
    for pixels, across in ((24 * MP, 6000), (100 * MP, 11_500)):
        assert 15 <= size.default_in(pixels) * 1200 / across <= 25
        assert 7 <= band.default_in(pixels) * 1200 / across <= 13


@pytest.mark.parametrize(
    ("tool_id", "key", "usual", "large"),
    [
        ("superpixels", "size", 32, 130),
        ("superpixels", "compactness", 10, 10),
        ("refine", "band", 16, 64),
        ("cleanup", "size", 200, 3200),
        ("cleanup", "radius", 4, 16),
        ("wand", "tolerance", 24, 24),
    ],
)
def test_a_tool_goes_by_the_picture_on_screen_until_someone_sets_it(
    session: Session, tool_id: str, key: str, usual: int, large: int
) -> None:
    tool = make_tool(tool_id, session)
    assert tool.value(key) == usual
    show_large(session)
    assert tool.value(key) == large
    tool.set_value(key, usual + 1)
    assert tool.value(key) == usual + 1
    session.show(PATH)
    assert tool.value(key) == usual + 1
