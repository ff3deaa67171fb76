"""One fresh start, measured from inside: `python -m app.bench.probe window|predict PHOTO STARTED` prints JSON.

STARTED is the caller's `time.time()` just before it started this process, so that the interpreter's own start counts.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main(job: str, photo: Path, started: float) -> int:
    """Do the job once and print {"window": s, "photo": s, "mask": s, "peak": MB} as far as the job has them."""
    figures = _window(photo, started) if job == "window" else _predict(photo, started)
    print(json.dumps(figures | {"peak": peak_megabytes()}))
    return 0


def peak_megabytes() -> float | None:
    """The most memory this process ever had resident; None where the system does not say."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage, whose figure on Linux starts with what the parent process had used.
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return int(lines["VmHWM"].split()[0]) / 2**10
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _window(photo: Path, started: float) -> dict[str, float]:
    from PySide6.QtCore import QEvent, QObject, QTimer

    from app.main_window import MainWindow
    from app.settings import Settings
    from app.window import make_application

    figures: dict[str, float] = {}

    def note(name: str) -> None:
        figures.setdefault(name, time.time() - started)

    class FirstPaint(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                # After the queue of this first frame: then it is on the screen.
                QTimer.singleShot(0, lambda: note("window"))
                watched.removeEventFilter(self)
            return False

    application = make_application()
    window = MainWindow(Settings())
    watcher = FirstPaint()
    window.installEventFilter(watcher)
    session = window.session

    def look() -> None:
        document = session.document
        if document is None:
            return
        if document.photo is not None:
            note("photo")
        if document.layer_mode is not None:
            note("mask")
            QTimer.singleShot(0, window.close)

    session.document_changed.connect(look)
    session.prediction_changed.connect(look)
    window.show()
    window.opening.open([photo])
    application.exec()
    return figures


def _predict(photo: Path, started: float) -> dict[str, float]:
    from tempfile import TemporaryDirectory

    from app.cli import parse, run

    with TemporaryDirectory() as folder:
        sys.stdout, told = sys.stderr, sys.stdout
        try:
            code = run(parse(["predict", str(photo), "-o", folder]))
        finally:
            sys.stdout = told
    if code:
        raise SystemExit(code)
    return {"mask": time.time() - started}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])))
