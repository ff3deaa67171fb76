"""Every key and gesture in sections, for the dialog that lists them and for the README."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.chrome.actions import ACTIONS, Group, native


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One row: `keys` as written in the README, `shown` as this system writes them."""

    keys: str
    shown: str
    what: str


# What has no action of its own.
_GESTURES: dict[str, tuple[tuple[str, str], ...]] = {
    "With the mouse": (
        ("Wheel, pinch", "Zoom at the cursor"),
        ("Shift + wheel, Space + drag, middle button", "Pan"),
        ("Ctrl + wheel, Ctrl + drag", "Brush size"),
        ("Shift + click with the brush", "Straight line from the last point"),
        ("Right button with the brush", "Erase"),
        ("Right or Ctrl + click with Relabel", "Accept the segment with its own class"),
        ("Drag with Relabel", "The same, but only inside the line"),
        ("Click again, right click with Ask the network", "The next answer; accept it"),
    ),
    "With the keyboard alone": (
        ("1 … 9", "Make a recent class the current one"),
        ("Arrow keys", "Pan"),
        ("Ctrl + arrow keys, with Shift faster", "Move the pointer over the picture"),
        ("Return, Shift + Return", "Click at the pointer with the tool in hand, left or right"),
        (
            "Ctrl + Return, with Shift the right one",
            "Hold the button down: Ctrl + arrow keys drag, the next Return lets go; another corner of a polygon",
        ),
    ),
    "While a tool offers something": (
        ("Return, Esc", "Accept or cancel what the tool offers"),
        ("Backspace", "Take the last point back"),
        ("Click on an answer of the list", "Go to that answer"),
    ),
    "In the list of pictures": (
        ("Click, arrow keys, Home, End", "Go to a picture"),
        ("Ctrl or Shift + click, Shift + arrow keys, Ctrl + A", "Select several; the picture on screen stays"),
        ("Return", "Go to the picture that the keys have reached"),
        ("Right click, Menu", "Everything that can be done with the pictures selected"),
    ),
    "In the legend": (
        ("Up, Down, Home, End", "Go through the classes"),
        ("Click, Return", "Show only this class; again: end that"),
        ("Ctrl + click, Ctrl + Return", "Show this class as well, or no longer"),
        ("Double-click, Shift + Return", "Paint with the class"),
        ("Space", "Hide or show the class"),
        ("L", "Lock the class, so that paint never covers it, or unlock it"),
        ("S", "Make the class a favourite, which is always listed, or no longer"),
        ("T", "Give the class its own threshold"),
        ("Click on a heading", "Sort by it; again: the other way round"),
        ("Right click, Menu", "Everything that can be done with the class"),
    ),
    "In the history": (("Click, Return", "Go to that step"),),
}


def shortcut_sections() -> Iterator[tuple[str, tuple[Shortcut, ...]]]:
    """(heading, rows): the menus in order with every action that has a key, then the gestures."""
    for group in Group:
        specs = [spec for spec in ACTIONS.values() if spec.group is group and spec.keys]
        yield (
            group.value.replace("&", ""),
            tuple(
                Shortcut(
                    ", ".join(spec.keys),
                    ", ".join(native(key) for key in spec.keys),
                    f"{spec.text}: {spec.tip}" if group is Group.TOOLS else spec.tip,
                )
                for spec in specs
            ),
        )
    for heading, rows in _GESTURES.items():
        yield heading, tuple(Shortcut(keys, keys, what) for keys, what in rows)


def shortcut_table_markdown() -> str:
    """The README's table of shortcuts."""
    lines = ["| key or gesture | what it does |", "|---|---|"]
    for heading, rows in shortcut_sections():
        lines.append(f"| **{heading}** | |")
        lines += [f"| `{row.keys}` | {row.what} |" for row in rows]
    return "\n".join(lines)
