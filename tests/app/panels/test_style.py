"""Palettes, tinted icons and swatches."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from importlib import resources

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDoubleSpinBox,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.core.palettes import ClassColours, Palette, usual_styles
from app.core.patterns import ink_colours
from app.panels.class_button import CurrentClassButton
from app.panels.icons import icon, set_class_styles, swatch, swatch_icon
from app.panels.style import accent, apply_style, is_dark, muted, palette_for, warning
from resources.classes import ade_classes

LIGHT, DARK = Qt.ColorScheme.Light, Qt.ColorScheme.Dark
ICONS = sorted(
    entry.name.removesuffix(".svg")
    for entry in (resources.files("resources") / "icons").iterdir()
    if entry.name.endswith(".svg")
)


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    palette, style = qapp.palette(), qapp.style().objectName()
    set_class_styles(usual_styles())
    yield qapp
    set_class_styles(usual_styles())
    qapp.setStyle(style)
    qapp.setPalette(palette)


def contrast(one: QColor, other: QColor) -> float:
    """The contrast of WCAG 2, 1..21."""

    def luminance(colour: QColor) -> float:
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.getRgbF()[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def colours(image: QImage) -> set[str]:
    """The colours of all fully opaque pixels."""
    pixels = (image.pixelColor(x, y) for y in range(image.height()) for x in range(image.width()))
    return {pixel.name() for pixel in pixels if pixel.alpha() == 255}


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
def test_every_text_can_be_read_on_every_ground(qtbot: QtBot, scheme: Qt.ColorScheme) -> None:
    palette = palette_for(scheme)
    assert is_dark(palette) is (scheme is DARK)
    grounds = [palette.color(role) for role in (QPalette.ColorRole.Window, QPalette.ColorRole.Base)]
    for ground in grounds:
        assert contrast(palette.color(QPalette.ColorRole.WindowText), ground) > 10
        assert contrast(muted(palette), ground) > 4.5
        assert contrast(warning(palette), ground) > 4.5
        assert contrast(accent(palette), ground) > 3  # shapes, not text
    highlight = palette.color(QPalette.ColorRole.Highlight)
    assert contrast(palette.color(QPalette.ColorRole.HighlightedText), highlight) > 4


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
@pytest.mark.parametrize("kind", [QLineEdit, QSpinBox, QDoubleSpinBox, QPlainTextEdit])
def test_one_sees_where_a_field_begins_with_the_keyboard_in_it_and_without(
    app: QApplication, qtbot: QtBot, kind: type[QWidget], scheme: Qt.ColorScheme
) -> None:
    """A line of contrast 3 against both its sides: WCAG 1.4.11."""
    apply_style(app)
    app.styleHints().colorSchemeChanged.emit(scheme)
    dialog = QDialog()
    qtbot.addWidget(dialog)
    fields = [kind(dialog), kind(dialog)]
    for left, field in zip((20, 220), fields, strict=True):
        field.setGeometry(left, 20, 180, 60)
    dialog.resize(420, 100)
    with qtbot.waitActive(dialog):
        dialog.show()
        dialog.activateWindow()
    fields[0].setFocus()
    qtbot.waitUntil(fields[0].hasFocus)
    image, palette, below_its_text = dialog.grab().toImage(), dialog.palette(), 70
    for field in fields:
        outside, line, inside = (image.pixelColor(field.x() + x, below_its_text) for x in (-2, 0, 6))
        assert outside == palette.color(QPalette.ColorRole.Window)
        assert inside == palette.color(QPalette.ColorRole.Base)
        assert min(contrast(line, outside), contrast(line, inside)) > 3
        field.setEnabled(False)
    image = dialog.grab().toImage()
    assert contrast(image.pixelColor(fields[1].x(), below_its_text), palette.color(QPalette.ColorRole.Window)) < 3


def test_the_application_gets_one_calm_style(app: QApplication) -> None:
    apply_style(app)
    assert app.style().objectName() == "fusion"
    assert accent(app.palette()).name() == "#2f7de1"


def test_it_follows_the_system_from_light_to_dark(app: QApplication) -> None:
    apply_style(app)
    app.styleHints().colorSchemeChanged.emit(DARK)
    assert is_dark(app.palette())
    assert accent(app.palette()).name() == "#5b9cf0"
    app.styleHints().colorSchemeChanged.emit(LIGHT)
    assert not is_dark(app.palette())


def test_a_dark_system_that_names_no_scheme_stays_dark(app: QApplication) -> None:
    app.setPalette(palette_for(DARK))
    apply_style(app)
    assert is_dark(app.palette())


@pytest.mark.parametrize("name", [name for name in ICONS if name != "app-icon"])
def test_every_icon_takes_the_colour_of_the_palette(app: QApplication, name: str) -> None:
    app.setPalette(palette_for(LIGHT))
    drawn = colours(icon(name).pixmap(QSize(48, 48)).toImage())
    wanted = app.palette().color(QPalette.ColorRole.ButtonText).getRgb()
    assert drawn
    for colour in drawn:  # one step off where two strokes lie over each other
        assert QColor(colour).getRgb() == pytest.approx(wanted, abs=1)


def test_the_same_icon_changes_with_mode_state_and_palette(app: QApplication) -> None:
    app.setPalette(palette_for(LIGHT))
    brush = icon("brush")
    gc.collect()  # Qt owns the engine from here
    size = QSize(48, 48)
    assert colours(brush.pixmap(size, QIcon.Mode.Normal, QIcon.State.On).toImage()) == {"#2f7de1"}
    disabled = brush.pixmap(size, QIcon.Mode.Disabled).toImage()
    assert colours(disabled) == set()  # the disabled colour is see-through
    assert any(disabled.pixelColor(x, y).alpha() > 0 for x in range(48) for y in range(48))
    app.setPalette(palette_for(DARK))
    assert colours(brush.pixmap(size).toImage()) == {palette_for(DARK).color(QPalette.ColorRole.ButtonText).name()}
    assert colours(QIcon(brush).pixmap(size, QIcon.Mode.Normal, QIcon.State.On).toImage()) == {"#5b9cf0"}


def test_icons_are_drawn_at_the_pixels_of_the_screen(app: QApplication) -> None:
    pixmap = icon("eye").pixmap(QSize(16, 16), 2.0)
    assert pixmap.size() == QSize(32, 32)
    assert pixmap.devicePixelRatio() == 2.0


def test_an_unknown_icon_is_refused(app: QApplication) -> None:
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon")


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
def test_class_colours_never_come_from_the_theme(app: QApplication, scheme: Qt.ColorScheme) -> None:
    app.setPalette(palette_for(scheme))
    for entry in ade_classes():
        middle = swatch(entry.id, 16, ratio=1.0).toImage().pixelColor(8, 8)
        assert middle.getRgb()[:3] == entry.color
        assert swatch_icon(entry.id).pixmap(QSize(16, 16)).toImage().pixelColor(8, 8) == middle


def test_swatches_show_what_the_labels_show(app: QApplication, qtbot: QtBot) -> None:
    styles = ClassColours().styles(Palette.DISTINCT, (7, 49), patterned=True)
    button = CurrentClassButton()
    qtbot.addWidget(button)
    button.show_class(49)
    button.show()
    set_class_styles(styles)
    colour = styles.colours[49]
    shown = {QColor(*colour.tolist()).name(), QColor(*ink_colours(colour[None])[0].tolist()).name()}
    for image in (
        swatch(49, 16, ratio=1.0).toImage(),
        swatch(49, 16, ratio=2.0).toImage(),
        swatch_icon(49).pixmap(QSize(32, 32)).toImage(),
        button.grab().toImage(),
    ):
        assert shown <= colours(image)


def test_unlabelled_is_hollow(app: QApplication) -> None:
    image = swatch(0, 16, ratio=2.0).toImage()
    assert image.size() == QSize(32, 32)
    assert image.pixelColor(6, 6).alpha() == 0
    assert image.pixelColor(1, 16).alpha() > 0
