"""The application's own icon set: 24 × 24 outlines in `currentColor`, to be tinted with the palette of the window."""

from __future__ import annotations

from importlib import resources

APP_ICON = "app-icon"
"""The one icon in full colour; it is also here as a 256-pixel PNG, `app-icon.png`."""


def icon_names() -> tuple[str, ...]:
    """The names of all tintable icons, sorted; the application icon is not among them."""
    stems = (entry.name.removesuffix(".svg") for entry in resources.files(__name__).iterdir() if ".svg" in entry.name)
    return tuple(sorted(stem for stem in stems if stem != APP_ICON))


def icon_svg(name: str, *, color: str) -> str:
    """The SVG text of an icon with every `currentColor` replaced by `color`, such as "#30363d".

    Qt's SVG renderer knows no style sheets, so the colour has to stand in the text. Raises `FileNotFoundError` for an
    icon that does not exist.
    """
    text = resources.files(__name__).joinpath(f"{name}.svg").read_text(encoding="utf-8")
    return text.replace("currentColor", color)
