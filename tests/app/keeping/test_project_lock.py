"""One window writes a project; the others are told who."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QSysInfo

from app.keeping.lock import Holder, ProjectLock

OTHER_WINDOW = """
import sys
from pathlib import Path
from app.keeping.lock import ProjectLock
lock = ProjectLock(Path(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "project.sqlite"


def other_window(database: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", OTHER_WINDOW, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "True\n"
    return child


def test_the_second_window_is_told_who_holds_the_project(database: Path) -> None:
    child = other_window(database)
    try:
        lock = ProjectLock(database)
        assert not lock.take()
        assert not lock.held
        assert lock.holder() == Holder(child.pid, QSysInfo.machineHostName(), here=True)
        assert lock.holder().text() == f"another window on this computer (process {child.pid})"
    finally:
        child.communicate("")


def test_a_window_that_was_killed_holds_nothing(database: Path) -> None:
    child = other_window(database)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    lock = ProjectLock(database)
    assert lock.take()
    assert lock.holder().process == os.getpid()
    lock.release()
    assert ProjectLock(database).take()


def test_a_lock_from_another_computer_stays_until_it_is_taken_over(database: Path) -> None:
    file = database.with_name(database.name + ".lock")
    file.write_text("12345\nade-mask-studio\nanother-computer\nsome-machine\nsome-boot\n")
    lock = ProjectLock(database)
    assert not lock.take()
    assert lock.holder().text() == "another window on another-computer (process 12345)"
    assert lock.take_over()
    assert lock.held
    assert lock.holder().process == os.getpid()


@pytest.mark.parametrize("text", ["", "what is this"])
def test_a_lock_file_whose_writer_died_over_it_holds_nothing(database: Path, text: str) -> None:
    database.with_name(database.name + ".lock").write_text(text)
    lock = ProjectLock(database)
    assert lock.take()
    assert lock.held
    assert lock.holder().process == os.getpid()


def test_the_first_project_in_a_folder_of_its_own_makes_that(tmp_path: Path) -> None:
    lock = ProjectLock(tmp_path / "data" / "projects" / "abc.sqlite")
    assert lock.take()
    assert lock.held
