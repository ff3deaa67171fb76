"""The scripts behind `make run` and `make test`, run on a stage with stand-ins for the programs they call."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the scripts are for a POSIX shell")


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    """A folder with the scripts and nothing else."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def shell(script: str, *arguments: str, stage: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(stage / "scripts" / script), *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(stage)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def stand_in(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def poor_path(stage: Path, *programs: str) -> str:
    """A PATH on which only the named programs exist."""
    folder = stage / "bin"
    folder.mkdir()
    for program in ("cat", "cksum", "dirname", "tr", "rm", "mktemp", "head", "find", *programs):
        (folder / program).symlink_to(shutil.which(program) or pytest.skip(f"no {program} here"))
    return str(folder)


def test_without_a_new_enough_python_one_sentence_says_what_to_do(stage: Path) -> None:
    path = poor_path(stage)
    stand_in(stage / "bin" / "python3", "exit 1")  # as an older Python answers the question for its version
    result = shell("setup.sh", "run", stage=stage, PATH=path)
    assert result.returncode == 1
    assert result.stderr.startswith("Python 3.11 or newer is needed")
    assert result.stderr.count("\n") == 1


def test_without_root_a_missing_package_is_one_sentence_with_the_exact_command(stage: Path) -> None:
    path = poor_path(stage)
    for name, body in {"apt-get": "exit 9", "dpkg": "exit 9", "id": "echo 1000"}.items():
        stand_in(stage / "bin" / name, body)
    result = shell("setup.sh", "run", stage=stage, PATH=path)
    assert result.returncode == 1
    assert (
        result.stderr
        == "Python is missing. Please run: sudo apt-get update && sudo apt-get install -y python3 python3-venv\n"
    )


def test_missing_system_libraries_become_debian_packages(stage: Path) -> None:
    path = poor_path(stage, "sort", "awk")
    stand_in(stage / ".venv" / "bin" / "python", "exit 0")
    fonts = stage / ".fonts"
    fonts.mkdir()
    (fonts / "some.ttf").touch()
    for name, body in {
        "apt-get": "exit 9",
        "dpkg": "exit 9",
        "id": "echo 1000",
        "uname": "echo Linux",
        "ldd": "echo 'libxcb-cursor.so.0 => not found'; echo 'libEGL.so.1 => not found'; echo 'libc.so.6 => /lib'",
    }.items():
        stand_in(stage / "bin" / name, body)
    result = shell("setup.sh", "run", stage=stage, PATH=path)
    assert result.returncode == 1
    assert result.stderr.endswith("Please run: sudo apt-get update && sudo apt-get install -y libegl1 libxcb-cursor0\n")


def test_packages_are_installed_once_and_again_when_the_project_file_changes(stage: Path) -> None:
    log = stage / "log"
    stand_in(stage / ".venv" / "bin" / "python", f'echo "$@" >>"{log}"')
    path = poor_path(stage)
    stand_in(stage / "bin" / "uname", "echo Darwin")

    def installs() -> list[str]:
        log.unlink(missing_ok=True)
        assert shell("setup.sh", "test", stage=stage, PATH=path).returncode == 0
        return [line.split()[-1] for line in log.read_text().splitlines() if "pip install" in line]

    assert installs() == [".[test]"]
    assert installs() == []
    with (stage / "pyproject.toml").open("a") as project:
        project.write("# changed\n")
    assert installs() == [".[test]"]
    assert shell("setup.sh", "run", stage=stage, PATH=path).returncode == 0
    assert "-e ." not in log.read_text().splitlines()[-1], "the test extra holds all that running needs"


def test_running_installs_the_faster_engine_and_does_without_where_it_is_not_built(stage: Path) -> None:
    log = stage / "log"
    path = poor_path(stage)
    stand_in(stage / "bin" / "uname", "echo Darwin")
    for missing, wanted in (("nothing", [".[openvino]"]), (".[openvino]", [".[openvino]", "."])):
        for mark in (stage / ".venv").glob(".done-*"):
            mark.unlink()
        log.write_text("")
        stand_in(
            stage / ".venv" / "bin" / "python",
            f'case "$*" in *install*) echo "$@" >>"{log}" ;; esac\ncase "$*" in *"{missing}") exit 1 ;; esac',
        )
        result = shell("setup.sh", "run", stage=stage, PATH=path)
        assert result.returncode == 0
        assert [line.split()[-1] for line in log.read_text().splitlines()] == wanted
        assert ("trying without OpenVINO" in result.stdout) == (len(wanted) > 1)


def test_without_the_web_the_reason_is_told_once(stage: Path) -> None:
    path = poor_path(stage)
    stand_in(stage / ".venv" / "bin" / "python", 'case "$*" in *install*) exit 1 ;; esac')
    for purpose in ("run", "test"):
        result = shell("setup.sh", purpose, stage=stage, PATH=path)
        assert result.returncode == 1
        assert result.stderr.count("is this machine online?") == 1


def _studio_that_writes_down_its_arguments(stage: Path, *, window: int = 0) -> Path:
    """A stand-in for the command; as a window it leaves with the exit code `window`."""
    log = stage / "log"
    leave = f'[ "$*" != resources/samples ] || exit {window}'
    stand_in(stage / ".venv" / "bin" / "ade-mask-studio", f'echo "[$QT_QPA_PLATFORM] $*" >>"{log}"\n{leave}')
    return log


def test_run_opens_the_window_where_there_is_a_display(stage: Path) -> None:
    log = _studio_that_writes_down_its_arguments(stage)
    assert shell("run.sh", stage=stage, DISPLAY=":0").returncode == 0
    assert log.read_text() == "[] resources/samples\n"


def test_run_without_a_window_does_the_same_job_without_one(stage: Path) -> None:
    log = _studio_that_writes_down_its_arguments(stage, window=3)
    result = shell("run.sh", stage=stage)
    assert result.returncode == 0
    assert "without a window" in result.stdout
    assert log.read_text().splitlines() == [
        "[] resources/samples",
        "[] predict resources/samples -o out --json --overlay",
        "[offscreen] --screenshot out/window.png resources/samples",
    ]


def test_run_passes_on_what_else_the_window_ends_with(stage: Path) -> None:
    log = _studio_that_writes_down_its_arguments(stage, window=1)
    assert shell("run.sh", stage=stage).returncode == 1
    assert log.read_text() == "[] resources/samples\n"
