"""From published weights to checked labels without a window, in processes of their own, as a person would type it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file

from app.bench.network import random_model
from app.commands import ExitCode
from app.core.ade_png import read_labels, write_labels
from resources.samples import sample_paths
from tests.inference.serving import serving
from tests.inference.web import Web, cut_off, silence

ROOT = Path(__file__).resolve().parents[2]
MODEL = "bisenetformer-s-ade"
PATIENCE = 120  # seconds for one command on a machine that has other things to do


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of the small model as it is published, with weights drawn by chance."""
    card = random_model(MODEL, tmp_path_factory.mktemp("drawn"))
    assert card.file is not None
    checkpoint = BytesIO()
    torch.save({"model": {name: torch.from_numpy(tensor) for name, tensor in load_file(card.file).items()}}, checkpoint)
    return checkpoint.getvalue()


@pytest.fixture
def web(published: bytes) -> Iterator[Web]:
    with serving(Web(published)) as web:
        yield web


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder to work in, with three photos in `photos`."""
    (tmp_path / "photos").mkdir()
    for sample in sample_paths()[:3]:
        with Image.open(sample) as picture:
            picture.thumbnail((120, 120))
            picture.save(tmp_path / "photos" / sample.name)
    return tmp_path


def environment(place: Path, web: Web) -> dict[str, str]:
    """That of a person who has never started the program, and whose weights come from this server."""
    folders = {f"XDG_{kind}_HOME": str(place / "home" / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA", "STATE")}
    own = {"ADE_MASK_STUDIO_WEIGHTS_URL": web.url("/mirror"), "NO_PROXY": "*", "PYTHONPATH": str(ROOT)}
    return {**os.environ, **folders, **own}


def begin(line: str, place: Path, web: Web) -> subprocess.Popen[str]:
    """The command of a line, under way, and ended by Ctrl-C also where the suite itself runs in the background."""
    program, *arguments = shlex.split(line)
    assert program == "ade-mask-studio"
    return subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=place,
        env=environment(place, web),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def type_in(line: str, place: Path, web: Web, *, code: ExitCode = ExitCode.DONE) -> str:
    """What a line prints. It must end with this exit code."""
    with begin(line, place, web) as child:
        said, complaint = child.communicate(timeout=PATIENCE)
    assert child.returncode == code, complaint
    assert "Traceback" not in complaint
    return said


@pytest.mark.slow
def test_from_published_weights_to_checked_labels(place: Path, web: Web) -> None:
    assert f"{MODEL}: " in type_in(f"ade-mask-studio weights fetch {MODEL}", place, web)
    assert web.paths == [f"/mirror/{MODEL}/model_final.pth"]
    said = type_in(f"ade-mask-studio predict photos/ -o labels/ --model {MODEL} --mode semantic", place, web)
    assert "3 photos done, in labels." in said
    labels = {path.stem: read_labels(path) for path in sorted((place / "labels").glob("*.png"))}
    assert sorted(labels) == sorted(path.stem for path in (place / "photos").iterdir())

    (place / "truth").mkdir()
    right = known = 0
    for stem, predicted in labels.items():  # each picture has one row that nobody labelled, and one of another class
        truth = predicted.copy()
        truth[0], truth[1] = 0, predicted[1] % 150 + 1
        write_labels(place / "truth" / f"{stem}.png", truth)
        right, known = right + int(((predicted == truth) & (truth > 0)).sum()), known + int((truth > 0).sum())
    line = "ade-mask-studio evaluate --pred labels/ --truth truth/ --report report.html --json"
    record = json.loads(type_in(line, place, web))
    assert record["pictures"] == 3
    assert record["pixel_accuracy"] == pytest.approx(right / known)
    assert (place / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")

    said = type_in("ade-mask-studio validate labels/ --images photos/", place, web)
    assert said == "3 files looked at, 0 problems.\n"
    type_in("ade-mask-studio convert labels/ -o zero/ --to zero-based", place, web)
    type_in("ade-mask-studio convert zero/ -o back/ --from zero-based", place, web)
    for stem, predicted in labels.items():
        assert np.array_equal(read_labels(place / "back" / f"{stem}.png"), predicted)


def test_weights_that_nobody_has_are_one_sentence_and_exit_code_3(place: Path, web: Web) -> None:
    with begin(f"ade-mask-studio predict photos/ -o labels/ --model {MODEL}", place, web) as child:
        said, complaint = child.communicate(timeout=PATIENCE)
    assert child.returncode == ExitCode.NO_RESULT
    assert said == ""
    assert f"weights fetch {MODEL}" in complaint
    assert complaint.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="another kind of signal")
def test_control_c_ends_a_download_at_once_and_the_next_call_goes_on(place: Path, web: Web) -> None:
    half_way = threading.Event()

    def tell(server: Web, handler: BaseHTTPRequestHandler) -> None:
        half_way.set()
        silence(server, handler)

    web.answers = [cut_off(len(web.content) // 2, then=tell)]
    with begin(f"ade-mask-studio weights fetch {MODEL}", place, web) as child:
        assert half_way.wait(PATIENCE)
        child.send_signal(signal.SIGINT)
        _, complaint = child.communicate(timeout=PATIENCE)
    assert child.returncode == ExitCode.INTERRUPTED, complaint
    assert complaint.endswith("Stopped.\n")
    assert "Traceback" not in complaint
    models = json.loads(type_in("ade-mask-studio weights list --json", place, web))["models"]
    found = next(model for model in models if model["name"] == MODEL)
    assert found["file"] is None
    web.answers = []
    type_in(f"ade-mask-studio weights fetch {MODEL}", place, web)
    begun = int((web.requests[-1]["Range"] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
    assert begun == found["fetched_so_far"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_what_is_printed_for_bash_completes_the_line(place: Path, web: Web) -> None:
    script = type_in("ade-mask-studio --print-completion bash", place, web)
    code = f'{script}\nCOMP_WORDS=(ade-mask-studio val); COMP_CWORD=1; _shtab_ade_mask_studio; echo "${{COMPREPLY[@]}}"'
    assert subprocess.run(["bash", "-c", code], capture_output=True, text=True, timeout=60).stdout == "validate\n"
