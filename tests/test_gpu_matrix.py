"""The script for a machine with a graphics card writes its report whatever it finds there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="a script for shells")


def pretend(path: Path, lines: str) -> Path:
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return path


def measure(tmp_path: Path, python: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Runs the script with a driver that has one card and a Python that does `python`; gives the report as well."""
    tools = tmp_path / "tools"
    tools.mkdir()
    pretend(tools / "nvidia-smi", "echo one card")
    environment = {
        **os.environ,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHON": str(pretend(tools / "python", python)),
    }
    report = tmp_path / "report.md"
    script = ["sh", str(ROOT / "scripts" / "gpu_matrix.sh"), str(report)]
    done = subprocess.run(script, env=environment, capture_output=True, text=True, timeout=60)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.md", "tools"]
    return done, report.read_text()


def test_the_report_has_the_driver_the_trials_the_tests_and_the_table(tmp_path: Path) -> None:
    done, report = measure(tmp_path, 'echo "answer to $*"')
    assert done.returncode == 0, done.stderr
    assert "## The driver\n\n`nvidia-smi`\n\n```\none card\n```" in report
    answers = ["-m app doctor --fresh", "-m pytest -m gpu -q", "-m app bench --only engines"]
    places = [report.index(f"answer to {answer}\n") for answer in answers]
    assert places == sorted(places)
    assert report.endswith(f"`\n\nanswer to {answers[-1]}\n")  # a table that Markdown can show


def test_what_fails_is_in_the_report_with_the_reason_and_the_rest_follows(tmp_path: Path) -> None:
    done, report = measure(tmp_path, 'case "$*" in *pytest*) echo "no card" >&2; exit 1;; *) echo fine;; esac')
    assert done.returncode == 1
    assert "The tests that need a GPU" in done.stderr.splitlines()[-1]
    assert "Exit code 1:\n\n```\nno card\n```" in report
    assert report.endswith("fine\n")
