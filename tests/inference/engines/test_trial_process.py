"""Whatever becomes of the child process in which an engine is tried, the program goes on and knows why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from inference.engines import trial_process
from inference.engines.trial_process import look_in_child
from inference.errors import EngineError
from tests.inference.engines.opening import STARTER

ROOT = Path(__file__).resolve().parents[3]
ACTING = "tests.inference.engines.acting_child"

posix = pytest.mark.skipif(os.name != "posix", reason="signals and FIFOs as POSIX has them")


@pytest.fixture
def _acting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_process, "MODULE", ACTING)


def tried(deed: str) -> dict[str, object]:
    return look_in_child(replace(STARTER, name=deed), "torch", "cpu", may_export=False)


def test_a_real_trial_tells_time_and_agreement() -> None:
    found = look_in_child(STARTER, "onnx", "cpu", may_export=False)
    assert (found["usable"], found["reason"], found["agreement"]) == (True, "", 1.0)
    assert found["milliseconds"] > 0


def test_a_device_that_is_not_there_is_refused_by_the_child() -> None:
    found = look_in_child(STARTER, "onnx", "cuda:9", may_export=False)
    assert found["usable"] is False
    assert found["reason"].startswith(("ONNX Runtime ", "This ONNX Runtime "))
    assert found["lasting"] is True


def test_weights_that_are_not_what_they_were_are_told_as_such() -> None:
    found = look_in_child(replace(STARTER, sha256="0" * 64), "onnx", "cpu", may_export=False)
    assert list(found) == ["weights"]
    assert "its hash differs" in found["weights"]


@posix
@pytest.mark.usefixtures("_acting")
def test_a_crash_is_a_refusal_with_its_signal_and_last_words() -> None:
    found = tried("abort")
    assert found["usable"] is False
    said = "CUDA error: an illegal memory access was encountered"
    assert found["reason"] == f"PyTorch on cpu crashed: SIGABRT ({said})."
    assert "doctor --fresh" in str(found["fix"])


@pytest.mark.usefixtures("_acting")
def test_leaving_early_is_a_refusal() -> None:
    assert tried("leave")["reason"] == "PyTorch on cpu crashed: exit code 7."


@posix
@pytest.mark.usefixtures("_acting")
def test_a_hang_ends_at_the_limit_and_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[subprocess.Popen[bytes]] = []
    end = trial_process._end

    def ending(child: subprocess.Popen[bytes]) -> None:
        children.append(child)
        end(child)

    monkeypatch.setattr(trial_process, "LIMITS", {"cpu": 0.6})
    monkeypatch.setattr(trial_process, "_end", ending)
    assert tried("hang")["reason"] == "PyTorch on cpu did not answer within 1 seconds."
    assert [child.returncode for child in children] == [-signal.SIGKILL]


@pytest.mark.usefixtures("_acting")
@pytest.mark.parametrize("deed", ["nothing", "noise", "half", "too-much"])
def test_nonsense_is_a_refusal(deed: str) -> None:
    found = tried(deed)
    assert (found["usable"], found["reason"]) == (False, "PyTorch on cpu gave an answer that makes no sense.")


@posix
@pytest.mark.usefixtures("_acting")
def test_a_driver_that_crashes_after_everything_was_said_is_believed() -> None:
    assert tried("crash-at-the-end")["usable"] is True


@pytest.mark.usefixtures("_acting")
@pytest.mark.parametrize("chosen", [None, "ACTIVE"])
def test_threads_sleep_while_they_wait_unless_somebody_chose_otherwise(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None
) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    if chosen is not None:
        monkeypatch.setenv("OMP_WAIT_POLICY", chosen)
    assert tried("wait")["reason"] == (chosen or "PASSIVE")


def test_a_process_that_cannot_be_started_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(EngineError, match=r"PyTorch could not be tried: no process could be started .*\.$") as refused:
        tried("nothing")
    assert refused.value.lasting is False


@posix
def test_the_child_ends_when_the_program_is_killed_in_the_middle(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    program = f"""
from dataclasses import replace
from inference.engines import trial_process
from inference.models import find_card
trial_process.MODULE = {ACTING!r}
card = replace(find_card("starter"), name="hang-in-trial {fifo}")
trial_process.look_in_child(card, "onnx", "cpu", may_export=False)
"""
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    with parent, fifo.open(encoding="ascii") as told:
        assert told.readline() == "here\n"
        parent.kill()
        assert told.read() == ""  # the end of the child: nobody else holds the other side
