"""Writes into README.md what is known elsewhere: the shortcuts, and the card of the starter model.

Run it after changing the table of actions or the starter: `.venv/bin/python scripts/update_readme.py`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def updated(readme: str) -> str:
    """The text of the README with both generated parts as they should be."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from app.chrome.shortcuts import shortcut_table_markdown
    from app.models.card import model_card_markdown
    from inference.models import find_card

    readme = _between(readme, "shortcuts", shortcut_table_markdown())
    return _between(readme, "starter card", model_card_markdown(find_card("starter")))


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
