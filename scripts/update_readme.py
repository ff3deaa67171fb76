"""Writes into README.md what is known elsewhere: the shortcuts, and the card of the starter model.

Run it after changing the table of actions or the starter: `.venv/bin/python scripts/update_readme.py`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def updated(readme: str) -> str:
    """The text of the README with both generated parts as they should be."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from app.actions import shortcut_table_markdown

    card = json.loads((ROOT / "resources" / "models" / "starter.json").read_text(encoding="utf-8"))
    readme = _between(readme, "shortcuts", shortcut_table_markdown())
    return _between(readme, "starter card", starter_card_markdown(card))


def starter_card_markdown(card: Mapping[str, Any]) -> str:
    """The starter's model card as a table of figures and plain sentences."""
    lines = [
        f"**{card['name']}**, input size {card['input_size']}.",
        "",
        "| checked on | pictures | against | pixel accuracy | mean IoU |",
        "|---|---|---|---|---|",
    ]
    for figure in card["figures"]:
        lines.append(
            f"| {figure['split']} | {figure['pictures']} | {figure['against']} | {figure['pixel_accuracy']} % "
            f"| {figure['mean_iou']} ({figure['classes']} classes) |"
        )
    lines += ["", f"- Trained on: {card['trained_on']}", f"- Licence: {card['licence']}", f"- Limits: {card['limits']}"]
    return "\n".join(lines)


def _between(text: str, name: str, new: str) -> str:
    """`text` with what stands between the markers `name` replaced by `new`."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, _, rest = text.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"README.md has no pair of markers called {name}")
    return f"{before}{start}{new}\n{end}{after}"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    path = ROOT / "README.md"
    path.write_text(updated(path.read_text(encoding="utf-8")), encoding="utf-8")
