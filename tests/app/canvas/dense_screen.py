"""A canvas on a screen with more than one device pixel per logical one, in a process of its own.

Prints what it found as JSON: the application's scale is fixed when it starts.
"""

from __future__ import annotations

import json
import sys

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas.canvas import Canvas
from app.editing.session import Session
from app.settings import Settings
from app.tools import make_tool
from tests.app.canvas.scene import grabbed, map_of, photo, predict, show_photo


def findings() -> dict[str, object]:
    session = Session(Settings())
    canvas = Canvas(session)
    canvas.resize(401, 299)
    canvas.show()
    show_photo(session)
    predict(session)
    session.set_overlay(opacity=0.0)
    canvas.zoom_to(1.0)
    view = canvas.viewport
    assert view is not None
    shown = grabbed(canvas)
    box = view.photo_box()
    exact = bool(np.array_equal(shown[box.slices], photo()))
    canvas.set_tool(make_tool("brush", session))
    session.set_brush_size(1)
    canvas.zoom_to(8.0)
    at = QPoint(150, 120)
    assert canvas.viewport is not None
    ratio = canvas.devicePixelRatioF()
    expected = [int(value) for value in canvas.viewport.to_photo(at.x() * ratio + 0.5, at.y() * ratio + 0.5)]
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    rows, columns = np.nonzero(map_of(session).human)
    result = {
        "ratio": ratio,
        "device": [shown.shape[1], shown.shape[0]],
        "photo": [box.width, box.height],
        "exact": exact,
        "painted": [[int(x), int(y)] for y, x in zip(rows, columns, strict=True)],
        "expected": [expected],
    }
    session.close_all()
    return result


if __name__ == "__main__":
    application = QApplication(sys.argv)
    sys.stdout.write(json.dumps(findings()))
