"""The key says how much each decided, and only while the view is on."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.core.geometry import Box
from app.core.overlay import DECIDER_COLOURS
from app.core.segment_map import human_value
from app.editing.session import Session
from app.panels.decided_key import DecidedKey
from app.panels.style import UNIT


@pytest.fixture
def over(qtbot: QtBot) -> QWidget:
    """What the key lies over."""
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(500, 300)
    widget.show()
    return widget


@pytest.fixture
def key(session: Session, over: QWidget) -> DecidedKey:
    return DecidedKey(session, over)


def paint(session: Session, box: Box) -> None:
    gesture = session.begin_edit("Paint")
    assert gesture is not None
    gesture.paint(box, None, human_value(1))
    gesture.commit()


def shares(session: Session) -> list[float]:
    """Percent by network, person and nobody, from the pixels themselves."""
    document = session.document
    assert document is not None
    assert document.segment_map is not None
    codes, labels = document.segment_map.shown(), document.label_table()
    person = (codes > 100).mean()
    network = ((codes <= 100) & (labels[codes] > 0)).mean()
    return [100 * float(share) for share in (network, person, 1 - network - person)]


def test_it_is_there_only_while_the_view_is_on(key: DecidedKey, session: Session) -> None:
    assert key.isHidden()
    session.set_overlay(deciders=True)
    assert not key.isHidden()
    session.set_overlay(deciders=False)
    assert key.isHidden()


def test_it_needs_a_picture(empty_session: Session, over: QWidget) -> None:
    key = DecidedKey(empty_session, over)
    empty_session.set_overlay(deciders=True)
    assert key.isHidden()


def test_it_says_the_share_of_each(key: DecidedKey, session: Session) -> None:
    paint(session, Box(0, 0, 7, 5))
    session.set_overlay(deciders=True)
    names, numbers = zip(*(text.removesuffix(" %").split(" ") for text in key.texts()), strict=True)
    assert names == ("network", "you", "nobody")
    assert [float(number) for number in numbers] == pytest.approx(shares(session), abs=0.06)


def test_it_follows_a_stroke_and_the_threshold(key: DecidedKey, session: Session, qtbot: QtBot) -> None:
    session.set_overlay(deciders=True)
    before = key.texts()
    paint(session, Box(0, 0, 9, 9))
    qtbot.waitUntil(lambda: key.texts() != before)
    painted = key.texts()
    session.set_threshold(1.0)
    assert key.texts()[0] == "network 0 %"
    assert key.texts()[1] == painted[1]


def test_it_stays_in_the_corner(key: DecidedKey, session: Session, over: QWidget) -> None:
    session.set_overlay(deciders=True)
    for size in ((500, 300), (700, 420)):
        over.resize(*size)
        assert key.geometry().bottomLeft().toTuple() == (UNIT, size[1] - UNIT - 1)
    assert key.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


@pytest.mark.parametrize("width", [500, 200])
def test_it_is_whole_also_over_a_narrow_picture(key: DecidedKey, session: Session, over: QWidget, width: int) -> None:
    session.set_overlay(deciders=True)
    over.resize(width, 300)
    assert over.rect().contains(key.geometry())
    image = key.grab().toImage()
    text = key.palette().color(QPalette.ColorRole.Text)
    ink = [(x, y) for x in range(image.width()) for y in range(image.height()) if image.pixelColor(x, y) == text]
    assert max(x for x, _ in ink) < image.width() - UNIT  # nothing is cut at the right
    assert (image.height() > 3 * key.fontMetrics().height()) == (width == 200)  # one below the other
    assert min(y for _, y in ink) >= UNIT // 2
    assert max(y for _, y in ink) < image.height() - UNIT // 2


def test_its_swatches_have_the_colours_of_the_view(key: DecidedKey, session: Session) -> None:
    session.set_overlay(deciders=True)
    image = key.grab().toImage()
    shown = {image.pixelColor(x, image.height() // 2).name() for x in range(image.width())}
    assert {QColor(*colour).name() for colour in DECIDER_COLOURS.values()} <= shown


def test_no_text_is_cut(key: DecidedKey, session: Session, over: QWidget) -> None:
    """The text ends before the plate does, with a larger font too."""
    over.resize(900, 300)
    session.set_overlay(deciders=True)
    font = key.font()
    font.setPointSizeF(font.pointSizeF() * 2)
    key.setFont(font)
    metrics = key.fontMetrics()
    assert key.width() > sum(metrics.horizontalAdvance(text) for text in key.texts())
    assert key.height() >= metrics.height()
