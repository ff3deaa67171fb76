"""Makes the pictures of the documents and of the README: the real window, worked in with real mouse and keys.

It needs no screen. Run it when tools or the window look different:
`.venv/bin/python scripts/guide_pictures.py [NAME…]`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def make_pictures(names: list[str], scratch: Path) -> None:
    """Those of these names, or all of them."""
    from guide_scenes import SCENES
    from guide_stage import Stage, save
    from PySide6.QtCore import Qt

    from app.panels.style import use_scheme
    from app.window import make_application
    from resources.samples import sample_paths

    application = make_application()
    samples = {path.stem: path for path in sample_paths()}
    for scene in SCENES:
        if names and scene.name not in names:
            continue
        use_scheme(application, Qt.ColorScheme.Dark if scene.dark else Qt.ColorScheme.Light)
        own = scratch / scene.name
        own.mkdir()
        os.environ["XDG_DATA_HOME"] = str(own / "data")  # every scene begins with projects in which nothing was done
        photo = samples[scene.photo]
        with_others = [photo, photo.parent] if scene.panels else [photo]
        stage = Stage(film(photo, own) if scene.film else with_others, scene.settings, scene.size)
        if not scene.panels:
            stage.close_panels()
        part = scene.act(stage) or stage.working_part()
        if part == stage.whole():
            save(stage.picture(), DOCS / f"{scene.name}.png", part=part, most_bytes=400_000)
        else:
            folder = DOCS / "guide" if scene.of_guide else DOCS
            save(stage.picture(), folder / f"{scene.name}.png", part=part)
        stage.close()


def film(photo: Path, folder: Path) -> list[Path]:
    """Two pictures as from a camera that moves a little."""
    from PIL import Image

    frames = []
    with Image.open(photo) as image:
        for number, (x, y) in enumerate(((0, 0), (16, 6)), start=1):
            frame = folder / f"frame_{number}.png"
            image.crop((x, y, x + image.width - 32, y + image.height - 16)).save(frame)
            frames.append(frame)
    return frames


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory() as nobodys:
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            os.environ[name] = nobodys  # the person's own settings have no part in this
        make_pictures(sys.argv[1:], Path(nobodys))
