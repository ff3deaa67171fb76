"""What the pictures of the guide show: one scene for each tool, and some more."""

from __future__ import annotations

import contextlib
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from guide_stage import Place, Stage
from PIL import Image
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from app.learning.dialog import LearnDialog
from app.listing.folder import Folder
from app.models.dialog import ModelDialog
from app.panels.legend_threshold import ClassThreshold
from app.settings import Settings
from inference.learning.settings import Scope

SMALL = (1040, 640)  # a window without panels, the menu and main toolbar of which are cut off
RIVER, WATER, SKY, TREE, BUILDING, WALL, ANIMAL, PLATE, FLAG, WINDOW, CUSHION = (
    61, 22, 3, 5, 2, 1, 127, 143, 150, 9, 40,
)  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """A picture: `act` plays it on a sample photo, and says which part is shown if not what a tool needs."""

    name: str
    photo: str
    act: Callable[[Stage], QRect | None]
    settings: Settings = field(default_factory=Settings)
    size: tuple[int, int] = SMALL
    panels: bool = False
    dark: bool = False
    film: bool = False  # two pictures of a sequence instead of the one
    of_guide: bool = True  # else of another document


def settings(tool: str, *classes: int, **more: object) -> Settings:
    return Settings(tool=tool, current_class=classes[0], recent_classes=classes, **more)  # type: ignore[arg-type]


def circle(x: float, y: float, across: float, down: float, *, part: float = 1.0) -> list[Place]:
    angles = [math.tau * part * step / 40 for step in range(41)]
    return [(x + across * math.cos(angle), y + down * math.sin(angle)) for angle in angles]


def relabel(stage: Stage) -> None:
    stage.closer((0.0, 0.8), 3)
    stage.drag(*circle(0.2, 0.73, 0.12, 0.05, part=0.9), release=False)


def brush(stage: Stage) -> None:
    stage.closer((0.3, 0.9), 2)
    for row in range(3):
        stage.drag((0.02, 0.72 + 0.05 * row), (0.25, 0.725 + 0.05 * row), (0.5, 0.72 + 0.05 * row))
    stage.drag((0.02, 0.87), (0.2, 0.875), (0.34, 0.865), release=False)


def eraser(stage: Stage) -> None:
    stage.closer((0.95, 0.7), 3)
    stage.drag((0.73, 0.62), (0.7, 0.615), (0.6, 0.6))
    stage.drag((0.55, 0.65), (0.63, 0.66), (0.7, 0.665), release=False)


def restore(stage: Stage) -> None:
    stage.closer((0.7, 0.3), 3)
    stage.drag((0.52, 0.42), (0.65, 0.36), (0.78, 0.3), (0.88, 0.36))
    stage.key("U")
    stage.drag((0.9, 0.36), (0.82, 0.32), (0.74, 0.31), release=False)


def fill(stage: Stage) -> None:
    stage.closer((0.5, 0.4), 1)
    stage.click((0.45, 0.5))
    stage.move((0.33, 0.25))


def polygon(stage: Stage) -> None:
    stage.closer((1.0, 0.95), 2)
    for corner in ((0.49, 0.985), (0.6, 0.875), (0.78, 0.73), (0.9, 0.655), (0.995, 0.65)):
        stage.click(corner)
    stage.move((0.96, 0.96))


def lasso(stage: Stage) -> None:
    stage.closer((0.0, 0.0), 2)
    flag = (
        *((0.005, 0.005), (0.085, 0.005), (0.125, 0.17), (0.16, 0.3), (0.19, 0.41)),
        *((0.12, 0.48), (0.06, 0.55), (0.05, 0.61), (0.006, 0.61)),
    )
    stage.drag(*flag, release=False)


def rectangle(stage: Stage) -> None:
    stage.closer((0.6, 0.0), 3)
    stage.drag((0.16, 0.003), (0.6, 0.1), (0.895, 0.145), release=False)


def ellipse(stage: Stage) -> None:
    stage.closer((0.5, 0.7), 1)
    stage.drag((0.13, 0.2), (0.6, 0.6), (0.815, 0.945), release=False)


def wand(stage: Stage) -> None:
    stage.closer((0.5, 0.9), 3)
    stage.move((0.5, 0.82))
    stage.press((0.5, 0.82))
    stage.move((0.507, 0.82))


def superpixels(stage: Stage) -> None:
    stage.closer((0.6, 0.6), 3)
    stage.move((0.5, 0.5))
    stage.wait(lambda: stage.tool.preview())
    stage.drag((0.43, 0.42), (0.5, 0.46), (0.56, 0.44), (0.62, 0.48), (0.58, 0.54), (0.48, 0.52), (0.42, 0.5))
    stage.move((0.66, 0.5))
    stage.wait(lambda: stage.tool.preview())


def refine(stage: Stage) -> None:
    stage.closer((0.85, 0.25), 4)
    stage.drag(*circle(0.83, 0.32, 0.1, 0.12))
    stage.wait_for_note("Changes")


def ask(stage: Stage) -> None:
    stage.click((0.45, 0.85))


def cleanup(stage: Stage) -> None:
    stage.closer((0.5, 0.75), 3)
    stage.click((0.5, 0.5))
    stage.wait_for_note("Changes")


def pick(stage: Stage) -> None:
    stage.closer((0.0, 0.4), 3)
    stage.click((0.1, 0.4))


def pan(stage: Stage) -> None:
    stage.closer((0.7, 0.4), 6)
    stage.drag((0.7, 0.4), (0.65, 0.45), release=False)


def zoom(stage: Stage) -> None:
    stage.drag((0.48, 0.18), (0.7, 0.4), (0.93, 0.55), release=False)


def copy(stage: Stage) -> None:
    stage.key("L")
    stage.drag(*RIVERSIDE)
    stage.key("PgDown")
    stage.wait_for_masks(stage.window.desk.pictures[1])
    stage.key("Shift+U")
    stage.click((0.5, 0.6))
    stage.wait_for_note("Changes")


def guesses(stage: Stage) -> None:
    stage.closer((0.0, 0.8), 3)
    stage.move((0.25, 0.73))
    for _ in range(2):
        stage.key("J")


def rules(stage: Stage) -> None:
    stage.key("Shift+R")
    stage.drag((0.3, 0.47), (0.5, 0.52), (0.7, 0.54), (0.72, 0.5), (0.5, 0.45), (0.3, 0.42))
    button = stage.window.tool_options.rule
    button.menu().popup(button.mapToGlobal(QPoint(button.width() - button.menu().sizeHint().width(), button.height())))


def history(stage: Stage) -> None:
    stage.drag(*RIVERSIDE)
    stage.key("G")
    stage.key("2")
    stage.click((0.5, 0.9))
    stage.key("E")
    stage.drag((0.8, 0.06), (0.9, 0.08))
    stage.key("B")
    stage.drag((0.3, 0.2), (0.5, 0.2))
    stage.key("Ctrl+H")
    stage.rest()
    stage.key("Ctrl+Z")
    stage.key("Ctrl+Z")
    stage.rest()


def deciders(stage: Stage) -> None:
    stage.key("L")
    stage.drag(*RIVERSIDE)
    stage.key("H")
    stage.move((0.5, 0.5))
    stage.key("Shift+M")


def compare(stage: Stage) -> None:
    stage.key("L")
    stage.drag(*RIVERSIDE)
    stage.key("H")
    stage.move((0.35, 0.8))
    QTest.keyPress(stage.canvas, Qt.Key.Key_Y)


def looks(stage: Stage) -> None:
    stage.key("L")
    stage.drag(*RIVERSIDE)
    stage.key("H")
    stage.move((0.97, 0.97))
    stage.key("Shift+N")
    stage.key("Shift+H")
    stage.rest()


def legend(stage: Stage) -> QRect:
    view = stage.window.legend.view
    for row, key in enumerate((Qt.Key.Key_S, Qt.Key.Key_L, Qt.Key.Key_S)):
        view.setFocus()
        view.setCurrentIndex(view.model().index(row, 0))
        QTest.keyClick(view, key)
    stage.rest()
    return stage.dock_part("labels", height=430)


def threshold(stage: Stage) -> QRect:
    view = stage.window.legend.view
    view.setFocus()
    view.setCurrentIndex(view.model().index(2, 0))
    QTest.keyClick(view, Qt.Key.Key_T)
    popup = stage.window.legend.findChild(ClassThreshold)
    assert popup is not None
    QTest.keyClick(popup.slider, Qt.Key.Key_PageUp)
    stage.rest()
    return stage.dock_part("labels", height=450)


def pictures(stage: Stage) -> QRect:
    stage.key("F4")
    stage.rest()
    stage.key("Shift+F4")
    stage.rest()
    stage.drag((0.3, 0.5), (0.6, 0.5))
    stage.rest()
    return stage.dock_part("pictures", height=430)


def bring_in(stage: Stage) -> QRect:
    stage.drag((0.3, 0.8), (0.6, 0.8))
    stage.rest()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        write_labels(Path("labels"), stage.window.desk.folder)
        return stage.look_at_dialog(
            lambda: stage.window.import_flow.ask([Path("labels")]),
            ready=lambda dialog: any("&Import into" in button.text() for button in dialog.findChildren(QPushButton)),
        )


def models(stage: Stage) -> QRect:
    stage.window.models.show("bisenetformer-m-ade")
    (dialog,) = stage.window.findChildren(ModelDialog)
    return stage.look_at(dialog)


def learning(stage: Stage) -> QRect:
    for _ in range(8):
        stage.drag((0.3, 0.85), (0.7, 0.85))
        stage.rest()
        stage.key("F4")
        stage.rest()
        assert stage.window.desk.current is not None
        stage.wait_for_masks(stage.window.desk.current)
    stage.key("Ctrl+L")
    stage.wait(lambda: stage.window.findChildren(LearnDialog))
    (dialog,) = stage.window.findChildren(LearnDialog)
    stage.wait(lambda: sum("on this processor" in label.text() for label in dialog.findChildren(QLabel)) == len(Scope))
    return stage.look_at(dialog)


def write_labels(into: Path, pictures: Folder) -> None:
    """Labels for the samples as they come from elsewhere, not all of them good."""
    into.mkdir()
    for row in range(len(pictures)):
        photo = pictures.path(row)
        with Image.open(photo) as image:
            labels = (
                Image.linear_gradient("L").resize(image.size, Image.Resampling.NEAREST).point(lambda v: v * 10 // 17)
            )
        if photo.stem == "cows":
            labels.putpalette(bytes(range(256)) * 3)
        elif photo.stem == "dogs":
            labels.paste(255, (0, 0, labels.width, 40))
        elif photo.stem == "room":
            labels = labels.reduce(2)
        elif photo.stem == "street":
            labels.paste(200, (0, 0, 40, 40))
        elif photo.stem == "orchestra":
            labels = labels.rotate(90, expand=True)
        labels.save(into / f"{'boat' if photo.stem == 'pagoda' else photo.stem}.png")


def window(stage: Stage) -> QRect:
    stage.move((0.53, 0.4))
    return stage.whole()


def correcting(stage: Stage) -> QRect:
    for row in (0.7, 0.735, 0.77, 0.805, 0.84, 0.875, 0.91, 0.945, 0.98):
        stage.drag((0.0, row), (0.64 - (row - 0.7) * 1.9, row))
    stage.drag((0.62, 0.7), (0.66, 0.71), (0.42, 0.835), (0.14, 0.98))
    stage.key("O")
    stage.move((0.35, 0.78))
    stage.rest(400)
    return stage.whole()


RIVERSIDE: tuple[Place, ...] = (
    (0.0, 0.67), (0.25, 0.66), (0.5, 0.68), (0.6, 0.77), (0.56, 0.85), (0.4, 0.93), (0.25, 1.0), (0.0, 1.0),
)  # fmt: skip
EVERYDAY = settings("brush", RIVER, BUILDING, SKY, TREE, 22, 10, brush_size=60)

SCENES: tuple[Scene, ...] = (
    Scene("relabel", "castle", relabel, settings("relabel", RIVER, SKY, TREE)),
    Scene("brush", "castle", brush, settings("brush", RIVER, SKY, TREE, brush_size=50)),
    Scene("eraser", "pagoda", eraser, settings("eraser", SKY, brush_size=30)),
    Scene("restore", "castle", restore, settings("brush", TREE, brush_size=40)),
    Scene("fill", "cows", fill, settings("fill", ANIMAL)),
    Scene("polygon", "castle", polygon, settings("polygon", WALL)),
    Scene("lasso", "astronaut", lasso, settings("lasso", FLAG)),
    Scene("rectangle", "room", rectangle, settings("rectangle", WINDOW)),
    Scene("ellipse", "coffee", ellipse, settings("ellipse", PLATE)),
    Scene("wand", "room", wand, settings("wand", CUSHION)),
    Scene("superpixels", "cows", superpixels, settings("superpixels", ANIMAL)),
    Scene("refine", "castle", refine, settings("refine", BUILDING)),
    Scene("ask", "mountains", ask, settings("ask", SKY)),
    Scene("cleanup", "room", cleanup, settings("cleanup", WALL)),
    Scene("copy", "castle", copy, settings("copy", RIVER), film=True),
    Scene("pick", "castle", pick, settings("pick", RIVER)),
    Scene("pan", "castle", pan, settings("pan", RIVER)),
    Scene("zoom", "castle", zoom, settings("zoom", RIVER)),
    Scene("guesses", "castle", guesses, settings("brush", RIVER)),
    Scene("rules", "cows", rules, settings("brush", ANIMAL, brush_size=150)),
    Scene("history", "castle", history, settings("lasso", RIVER, WALL)),
    Scene("deciders", "castle", deciders, settings("pan", RIVER)),
    Scene("compare", "castle", compare, settings("pan", RIVER)),
    Scene("looks", "castle", looks, settings("pan", RIVER, palette="distinct")),
    Scene("legend", "castle", legend, settings("brush", RIVER), size=(1280, 800), panels=True),
    Scene("threshold", "castle", threshold, settings("brush", RIVER), size=(1280, 800), panels=True),
    Scene("pictures", "castle", pictures, settings("brush", RIVER), size=(1280, 800), panels=True),
    Scene("import", "castle", bring_in, settings("brush", RIVER, brush_size=80), size=(1280, 800), panels=True),
    Scene("models", "castle", models, of_guide=False),
    Scene("learning", "castle", learning, settings("brush", RIVER), size=(1280, 800), panels=True, of_guide=False),
    Scene("window", "street", window, EVERYDAY, size=(1440, 900), panels=True),
    Scene("correcting", "castle", correcting, EVERYDAY, size=(1440, 900), panels=True, dark=True),
)
