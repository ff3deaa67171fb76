"""The little styling the application needs: spacing, one accent, and a calm palette for light and dark.

Everything else is Qt's Fusion style. Colours of classes are data and come from `resources.classes`, never from here.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QWidget

UNIT = 8  # every gap is a multiple or a half of this, in device-independent pixels
HALF = UNIT // 2
ICON = 16
RADIUS = 4.0

_LIGHT = {
    QPalette.ColorRole.Window: "#f3f3f4",
    QPalette.ColorRole.WindowText: "#1f2124",
    QPalette.ColorRole.Base: "#ffffff",
    QPalette.ColorRole.AlternateBase: "#f7f7f8",
    QPalette.ColorRole.Text: "#1f2124",
    QPalette.ColorRole.Button: "#f7f7f8",
    QPalette.ColorRole.ButtonText: "#1f2124",
    QPalette.ColorRole.BrightText: "#ffffff",
    QPalette.ColorRole.Light: "#ffffff",
    QPalette.ColorRole.Midlight: "#ececee",
    QPalette.ColorRole.Mid: "#d2d3d6",
    QPalette.ColorRole.Dark: "#b3b5b9",
    QPalette.ColorRole.Shadow: "#8c8f94",
    QPalette.ColorRole.ToolTipBase: "#ffffff",
    QPalette.ColorRole.ToolTipText: "#1f2124",
    QPalette.ColorRole.PlaceholderText: "#666a71",
    QPalette.ColorRole.Highlight: "#2f7de1",
    QPalette.ColorRole.HighlightedText: "#ffffff",
    QPalette.ColorRole.Accent: "#2f7de1",
    QPalette.ColorRole.Link: "#1f66c4",
    QPalette.ColorRole.LinkVisited: "#1f66c4",
}
_DARK = {
    QPalette.ColorRole.Window: "#27292c",
    QPalette.ColorRole.WindowText: "#e4e5e7",
    QPalette.ColorRole.Base: "#1f2123",
    QPalette.ColorRole.AlternateBase: "#242629",
    QPalette.ColorRole.Text: "#e4e5e7",
    QPalette.ColorRole.Button: "#303337",
    QPalette.ColorRole.ButtonText: "#e4e5e7",
    QPalette.ColorRole.BrightText: "#ffffff",
    QPalette.ColorRole.Light: "#4a4e53",
    QPalette.ColorRole.Midlight: "#3a3d41",
    QPalette.ColorRole.Mid: "#3f4246",
    QPalette.ColorRole.Dark: "#1a1b1d",
    QPalette.ColorRole.Shadow: "#0f1011",
    QPalette.ColorRole.ToolTipBase: "#34373b",
    QPalette.ColorRole.ToolTipText: "#e4e5e7",
    QPalette.ColorRole.PlaceholderText: "#9ea2a8",
    QPalette.ColorRole.Highlight: "#3a78c9",
    QPalette.ColorRole.HighlightedText: "#ffffff",
    QPalette.ColorRole.Accent: "#5b9cf0",
    QPalette.ColorRole.Link: "#7db1f5",
    QPalette.ColorRole.LinkVisited: "#7db1f5",
}
_TEXT_ROLES = (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText)
_FIELDS = ("QLineEdit", "QAbstractSpinBox", "QPlainTextEdit")  # what one types into
_FIELD = {QPalette.ColorRole.Window: "#aeb2b9"}  # Fusion's line around a field is this, darkened: #7c7f84
_FIELD_LIGHT = {**_FIELD, QPalette.ColorRole.Highlight: "#1f66c4"}  # and where the keyboard is, this, lightened
_WARNING = {False: "#a8580a", True: "#e8a04c"}  # by "is the chrome dark"


def palette_for(scheme: Qt.ColorScheme) -> QPalette:
    """The application's palette for `scheme`; an unknown scheme is light."""
    colours = _DARK if scheme is Qt.ColorScheme.Dark else _LIGHT
    palette = QPalette()
    for role, colour in colours.items():
        palette.setColor(role, QColor(colour))
    for role in _TEXT_ROLES:
        palette.setColor(QPalette.ColorGroup.Disabled, role, tint(palette.color(role), 0.4))
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Highlight, palette.color(QPalette.ColorRole.Mid))
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Accent, palette.color(QPalette.ColorRole.Dark))
    return palette


def field_palette(scheme: Qt.ColorScheme) -> QPalette:
    """That of fields: one sees where they begin, also in the dark (contrast of their line above 3, WCAG 1.4.11)."""
    palette = palette_for(scheme)
    for role, colour in (_FIELD if scheme is Qt.ColorScheme.Dark else _FIELD_LIGHT).items():
        for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
            palette.setColor(group, role, QColor(colour))
    return palette


def use_scheme(app: QApplication, scheme: Qt.ColorScheme) -> None:
    """Light or dark from now on."""
    app.setPalette(palette_for(scheme))
    for name in _FIELDS:  # by the stub they are bytes, which it refuses
        app.setPalette(field_palette(scheme), name)  # type: ignore[arg-type]


def apply_style(app: QApplication) -> None:
    """Give `app` the Fusion style and the palette that follows the system's light or dark setting from now on."""
    hints = app.styleHints()
    scheme = hints.colorScheme()
    if scheme is Qt.ColorScheme.Unknown and is_dark(app.palette()):
        scheme = Qt.ColorScheme.Dark
    app.setStyle("Fusion")
    use_scheme(app, scheme)
    hints.colorSchemeChanged.connect(lambda changed: use_scheme(app, changed))


def is_dark(palette: QPalette) -> bool:
    """Whether the chrome painted with `palette` is dark."""
    return palette.color(QPalette.ColorRole.Window).lightness() < 128


def accent(palette: QPalette) -> QColor:
    """The one accent: what is on, picked or counted."""
    return palette.color(QPalette.ColorRole.Accent)


def muted(palette: QPalette) -> QColor:
    """Text that explains; still readable (contrast above 4.5)."""
    return palette.color(QPalette.ColorRole.PlaceholderText)


def warning(palette: QPalette) -> QColor:
    """What needs a second look: a weak class, an unreadable picture."""
    return QColor(_WARNING[is_dark(palette)])


def tint(colour: QColor, alpha: float) -> QColor:
    """`colour` with opacity `alpha`, 0..1."""
    tinted = QColor(colour)
    tinted.setAlphaF(alpha)
    return tinted


def paint_edge(popup: QWidget) -> None:
    """A thin line around a popup, for its paint event: it parts it from what lies below."""
    painter = QPainter(popup)
    painter.setPen(tint(popup.palette().color(QPalette.ColorRole.Text), 0.28))
    painter.drawRect(popup.rect().adjusted(0, 0, -1, -1))
    painter.end()


def small(font: QFont) -> QFont:
    """`font` one step smaller, for second lines and column heads."""
    reduced = QFont(font)
    if font.pointSizeF() > 0:
        reduced.setPointSizeF(font.pointSizeF() * 0.92)
    else:
        reduced.setPixelSize(max(9, round(font.pixelSize() * 0.92)))
    return reduced
