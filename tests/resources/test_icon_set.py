"""The icons are one set: the same grid, the same stroke, no colour of their own."""

from __future__ import annotations

from importlib import resources
from io import BytesIO
from xml.etree import ElementTree

import pytest
from PIL import Image

FOLDER = resources.files("resources.icons")
APP_ICON = "app-icon"

# fmt: off
NEEDED = (
    "open", "open-folder", "export", "export-all", "undo", "redo", "brush", "eraser", "fill", "relabel", "polygon",
    "lasso", "rectangle", "ellipse", "wand", "pick", "pan", "zoom-in", "zoom-out", "zoom-fit", "zoom-100",
    "previous", "next", "eye", "eye-off", "lock", "unlock", "search", "outline", "overlay", "segments", "semantic",
    "threshold", "settings", "info", "warning", "error", "check", "cancel", "picture", "recent", "help", "sun",
    "moon", "more", "refresh", "play", "stop", "star", "legend",
)
# fmt: on


def icon_names() -> list[str]:
    """Every tintable icon; the application icon is not one of them."""
    stems = (entry.name.removesuffix(".svg") for entry in FOLDER.iterdir() if entry.name.endswith(".svg"))
    return sorted(stem for stem in stems if stem != APP_ICON)


def read(name: str) -> ElementTree.Element:
    return ElementTree.fromstring(FOLDER.joinpath(f"{name}.svg").read_text(encoding="utf-8"))


def test_the_set_is_complete() -> None:
    assert set(NEEDED) <= set(icon_names())


@pytest.mark.parametrize("name", icon_names())
def test_icons_share_grid_and_stroke_and_take_their_colour_from_outside(name: str) -> None:
    root = read(name)
    assert root.get("viewBox") == "0 0 24 24"
    assert root.get("fill") == "none"
    assert root.get("stroke") == "currentColor"
    assert root.get("stroke-width") == "1.75"
    assert root.get("stroke-linecap") == "round"
    assert len(root) > 0
    for element in root.iter():
        assert element.get("fill", "none") in {"none", "currentColor"}
        assert element.get("stroke", "none") in {"none", "currentColor"}
        assert element.get("style") is None


def test_the_application_icon_is_there_as_svg_and_png() -> None:
    assert read(APP_ICON).get("viewBox") == "0 0 256 256"
    with Image.open(BytesIO(FOLDER.joinpath(f"{APP_ICON}.png").read_bytes())) as picture:
        assert picture.size == (256, 256)
        assert picture.mode == "RGBA"
        assert picture.getpixel((0, 0)) == (0, 0, 0, 0)
