"""What every test stands on: no real screen, no real settings, no threads left behind."""

from __future__ import annotations

import compileall
import gc
import itertools
import os
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

MOST_WORKERS = 8  # of `pytest -n auto`; of two, each had some 3 GB after four fifths of the suite

# Before anything imports Qt: the suite never needs or touches a screen.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Threads of the network sleep while they wait: where others want the cores too, spinning costs several times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) > 1:
    # Before anything imports numpy, OpenCV or torch: workers share the cores already.
    for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ[_name] = "1"
# Folders of this process alone, never the user's own.
_HOME = tempfile.TemporaryDirectory(prefix="ade-mask-studio-tests-")
for _name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
    os.environ[_name] = str(Path(_HOME.name, _name.lower()))

hypothesis.settings.register_profile("suite", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2000)  # --hypothesis-profile=thorough
hypothesis.settings.load_profile("suite")

ROOT = Path(__file__).resolve().parents[1]
_NUMBERS, _TESTS = itertools.count(), itertools.count(1)
_ALL_GARBAGE = 200  # tests between two searches through everything, which take a third of a second


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """How many workers `-n auto` means: one for each core that may be used; this process does all on a single one."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_WORKERS) if usable > 1 else 0


def pytest_configure(config: pytest.Config) -> None:
    """The programs that tests start find bytecode, also where Python writes none: each would compile all anew."""
    if not hasattr(config, "workerinput"):
        for package in ("app", "inference", "resources"):
            compileall.compile_dir(ROOT / package, quiet=2)


def pytest_unconfigure() -> None:
    _HOME.cleanup()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Garbage goes after each test, on the main thread, as in the window: Qt's objects may crash where another thread,
    which happens to make the next object, takes them away beside the events that are still for them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect(1 if next(_TESTS) % _ALL_GARBAGE else 2)  # what this test made is young


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts with the settings of a first start, and without projects."""
    folder = Path(_HOME.name, f"test-{next(_NUMBERS)}")  # pytest would look at all folders before it to number this one
    folder.mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    if (core := sys.modules.get("PySide6.QtCore")) is not None:
        # Qt reads the variable once; afterwards it must be told.
        settings = core.QSettings
        for form in (settings.Format.NativeFormat, settings.Format.IniFormat):
            settings.setPath(form, settings.Scope.UserScope, str(folder))


@pytest.fixture(autouse=True)
def _pointer_over_nothing() -> None:
    """No window of a test opens under the pointer: Qt knows where the test before left it."""
    if (gui := sys.modules.get("PySide6.QtGui")) is None or gui.QGuiApplication.instance() is None:
        return
    for place in (-100, -101):  # where the pointer is already it is not put again
        gui.QCursor.setPos(place, place)
    gui.QGuiApplication.processEvents()


@pytest.fixture(autouse=True)
def _no_thread_left_behind() -> Iterator[None]:
    """A test that leaves a thread running disturbs the ones after it."""
    before = set(threading.enumerate())
    yield
    # Qt's threads show up as dummies, and the progress bar keeps one that ends with the process: both are not ours.
    left = [
        thread
        for thread in threading.enumerate()
        if thread not in before and not isinstance(thread, threading._DummyThread) and thread.name != "tqdm_monitor"
    ]
    for thread in left:
        thread.join(timeout=5)
    alive = [thread.name for thread in left if thread.is_alive()]
    assert not alive, f"threads still running after the test: {alive}"


@pytest.fixture
def samples() -> Path:
    """The folder with the sample photos."""
    return ROOT / "resources" / "samples"
