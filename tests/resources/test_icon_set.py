"""The icons are one set: the same grid, the same stroke, no colour of their own."""

from __future__ import annotations

from importlib import resources
from io import BytesIO
from xml.etree import ElementTree

import pytest
from PIL import Image

from resources.icons import APP_ICON, icon_names, icon_svg

# fmt: off
NEEDED = (
    "open", "open-folder", "export", "export-all", "undo", "redo", "brush", "eraser", "fill", "relabel", "polygon",
    "lasso", "rectangle", "ellipse", "wand", "pick", "pan", "zoom-in", "zoom-out", "zoom-fit", "zoom-100",
    "previous", "next", "eye", "eye-off", "lock", "unlock", "search", "outline", "overlay", "segments", "semantic",
    "threshold", "settings", "info", "warning", "error", "check", "cancel", "picture", "recent", "help", "sun",
    "moon", "more", "refresh", "play", "stop", "star", "legend",
)
# fmt: on


def test_the_set_is_complete() -> None:
    assert set(NEEDED) <= set(icon_names())
    assert APP_ICON not in icon_names()


@pytest.mark.parametrize("name", icon_names())
def test_icons_share_grid_and_stroke_and_take_their_colour_from_outside(name: str) -> None:
    root = ElementTree.fromstring(icon_svg(name, color="currentColor"))
    assert root.get("viewBox") == "0 0 24 24"
    assert root.get("fill") == "none"
    assert root.get("stroke") == "currentColor"
    assert root.get("stroke-width") == "1.75"
    assert len(root) > 0
    for element in root.iter():
        assert element.get("fill", "none") in {"none", "currentColor"}
        assert element.get("stroke", "none") in {"none", "currentColor"}
        assert element.get("style") is None


def test_tinting_replaces_every_colour() -> None:
    tinted = icon_svg("more", color="#2f7de1")
    assert "currentColor" not in tinted
    assert tinted.count("#2f7de1") == icon_svg("more", color="currentColor").count("currentColor")


def test_an_unknown_icon_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        icon_svg("no-such-icon", color="#000000")


def test_the_application_icon_is_there_as_svg_and_png() -> None:
    folder = resources.files("resources.icons")
    root = ElementTree.fromstring(folder.joinpath("app-icon.svg").read_text(encoding="utf-8"))
    assert root.get("viewBox") == "0 0 256 256"
    with Image.open(BytesIO(folder.joinpath("app-icon.png").read_bytes())) as picture:
        assert picture.size == (256, 256)
        assert picture.mode == "RGBA"
        assert picture.getpixel((0, 0)) == (0, 0, 0, 0)
