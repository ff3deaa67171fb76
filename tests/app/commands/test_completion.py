"""Tab pressed in real shells: what is completed to what."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import completion

pty = pytest.importorskip("pty")

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source ./_ade-mask-studio; bind 'set bell-style none'"),
    "zsh": (["zsh", "-f", "-i"], "fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; unsetopt beep"),
}
PATIENCE = 60.0  # seconds


class Shell:
    """An interactive shell on a terminal of its own, in a folder with a photo and a file with weights."""

    def __init__(self, name: str, folder: Path) -> None:
        (folder / "photo.jpg").touch()
        (folder / "second.png").touch()
        (folder / "mine.pth").touch()
        (folder / "_ade-mask-studio").write_text(completion(name), encoding="utf-8")
        command, prepare = SHELLS[name]
        self._end, theirs = pty.openpty()
        environment = os.environ | {"TERM": "dumb", "HOME": str(folder), "ZDOTDIR": str(folder), "COLUMNS": "200"}
        self._process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        # What it was called with is told between signs that are not typed like that.
        self._type(f'{prepare}; PS1=; ade-mask-studio() {{ echo "GOT""[$*]"; }}; echo READ""Y\n')
        self._until("READY")

    def completed(self, line: str) -> str:
        """The arguments that a line has once it was typed, with its tabs, and sent off."""
        self._type(f"ade-mask-studio {line}\n")
        return self._until(r"GOT\[(.*?)\]").strip()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._end)

    def _type(self, text: str) -> None:
        os.write(self._end, text.encode())

    def _until(self, pattern: str) -> str:
        said, ends = "", time.monotonic() + PATIENCE
        while (found := re.search(pattern, said)) is None:
            ready, _, _ = select.select([self._end], [], [], max(0.0, ends - time.monotonic()))
            assert ready, f"there is no {pattern} in {said!r}"
            said += os.read(self._end, 65536).decode(errors="replace")
        return found[found.lastindex or 0]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shell]:
    if shutil.which(request.param) is None:
        pytest.skip(f"there is no {request.param} here")
    shell = Shell(request.param, tmp_path)
    yield shell
    shell.close()


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("eval\t", "evaluate"),
        ("phot\t", "photo.jpg"),
        ("photo.jpg sec\t", "photo.jpg second.png"),
        ("predict phot\t", "predict photo.jpg"),
        ("predict --model bisenetformer-m\t", "predict --model bisenetformer-m-ade"),
        ("predict --model star\t", "predict --model starter"),
        ("predict --model min\t", "predict --model mine.pth"),
        ("weights fetch bisenetformer-l\t", "weights fetch bisenetformer-l-ade"),
        ("weights add min\t", "weights add mine.pth"),
        ("predict --mode sem\t", "predict --mode semantic"),
    ],
)
def test_a_tab_completes_commands_photos_models_and_files(shell: Shell, typed: str, completed: str) -> None:
    assert shell.completed(typed) == completed
