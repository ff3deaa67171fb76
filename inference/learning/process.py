"""The child process in which a job runs: what it tells arrives as events, and whatever ends it is one of them."""

from __future__ import annotations

import contextlib
import contextvars
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from inference.cancelling import is_cancelled
from inference.errors import Cancelled
from inference.learning.errors import JobError
from inference.learning.events import Event, Finished, PaceTold, Refused, Stopped, from_line
from inference.learning.job import Job
from inference.processors import usable_processors

MODULE = "inference.training.finetune_child"
STOP_SECONDS = 20.0
"""How long a process that was asked to stop may take, which stops within half a second unless the disk is slow."""
PACE_SECONDS = 180.0
NICENESS = 5
"""Of a gentle process, beside whoever started it: it gets a third of what that gets where both want a processor."""
_WATCH_SECONDS = 0.1
_ROOT = Path(__file__).resolve().parents[2]


class LearnProcess:
    """Runs a job once, in a process that ends with this one. The last event is `Stopped`, `Finished` or `Refused`."""

    def __init__(self, job: Job, *, told: Callable[[Event], None], gentle: bool = False) -> None:
        """`told` is called in a thread of this object, and never again once `wait` has given True.

        `gentle`: somebody works meanwhile, whose program goes before this where both want the processors.
        """
        self.job = job
        self._told, self._gentle = told, gentle
        self._child: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._stopping = threading.Event()
        self._begun = threading.Event()
        self._ended = threading.Event()
        self._writing = threading.Lock()

    def start(self) -> None:
        """Begin, or go on where the job is. Raises `JobError` where no process can be started."""
        if self._child is not None:
            raise JobError("A process of learning is started once; make another one to go on.")
        self._child = _started(self.job, [], gentle=self._gentle)
        self._reader = threading.Thread(target=self._read, args=(self._child,), name="learning")
        self._reader.start()

    @property
    def pid(self) -> int | None:
        """The number of the child process; None before it was started."""
        return None if self._child is None else self._child.pid

    def pause(self) -> None:
        """Nothing is computed from soon on; `Paused` tells when."""
        self._send("pause")

    def resume(self) -> None:
        self._send("resume")

    def stop(self) -> None:
        """End soon, with a checkpoint; `Stopped` tells when."""
        if self._child is None or self._stopping.is_set():
            return
        self._stopping.set()
        if self._begun.is_set():
            self._send("stop")
        else:  # there is nothing to keep, and nobody to hear it while libraries are loaded
            self._child.kill()
        threading.Thread(target=self._insist, args=(self._child,), name="learning-stop").start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the last event was told; whether it was."""
        if self._reader is None or self._reader is threading.current_thread():
            return False
        self._reader.join(seconds)
        return not self._reader.is_alive()

    def _send(self, command: str) -> None:
        child = self._child
        if child is None or child.stdin is None:
            return
        with self._writing:
            try:
                child.stdin.write(f"{command}\n".encode())
                child.stdin.flush()
            except (OSError, ValueError):
                return  # it has ended, and the reader says how

    def _insist(self, child: subprocess.Popen[bytes]) -> None:
        if not self._ended.wait(STOP_SECONDS):
            child.kill()

    def _read(self, child: subprocess.Popen[bytes]) -> None:
        last: Event | None = None
        with child:
            assert child.stdout is not None
            for line in child.stdout:
                self._begun.set()
                try:
                    event = from_line(line.decode("utf-8", "replace"))
                except JobError as error:
                    last = Refused(str(error))
                    child.kill()
                    break
                if isinstance(event, Stopped | Finished | Refused):
                    last = event
                else:
                    self._told(event)
            status = child.wait()
        self._ended.set()
        if last is None:
            last = Stopped() if self._stopping.is_set() else Refused(why_ended(status, self.job.folder / "said"))
        self._told(last)


def measure_pace(job: Job, *, pictures: int | None = None, gentle: bool = False) -> PaceTold:
    """How long the job would take here with either scope: some of the work is done in a child process, which takes a
    few seconds. Raises `JobError`, and `Cancelled` soon after nobody waits for it any more.

    `pictures`: of the whole job, where this one has only some of them to measure with; None: all are there. `gentle`:
    as the job itself will be.
    """
    child = _started(job, ["--pace", str(pictures or len(job.pictures))], gentle=gentle)
    over, cancelled = threading.Event(), contextvars.copy_context()
    watch = threading.Thread(target=cancelled.run, args=(_watch, child, over), name="pace-watch", daemon=True)
    watch.start()
    try:
        with child:
            assert child.stdout is not None
            events = [from_line(line.decode("utf-8", "replace")) for line in child.stdout]
            status = child.wait()
    finally:
        over.set()
        if child.poll() is None:
            child.kill()
    if is_cancelled():
        raise Cancelled
    for event in events:
        if isinstance(event, Refused):
            raise JobError(event.reason)
        if isinstance(event, PaceTold):
            return event
    raise JobError(why_ended(status, job.folder / "said"))


def _watch(child: subprocess.Popen[bytes], over: threading.Event) -> None:
    """End a child that takes too long, or that nobody waits for."""
    until = time.monotonic() + PACE_SECONDS
    while not over.wait(_WATCH_SECONDS):
        if is_cancelled() or time.monotonic() > until:
            child.kill()
            return


def _threads() -> int:
    """One for two processors, which are often the halves of one core. Measured on two: a second thread makes a step of
    the decoder half as long again, of the whole network it saves nothing, and it is taken from the window."""
    return max(1, usable_processors() // 2)


def _started(job: Job, options: list[str], *, gentle: bool) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", MODULE, str(job.folder), *options]
    try:
        with (job.folder / "said").open("wb") as said:
            child = subprocess.Popen(
                command,
                cwd=_ROOT,
                stdin=subprocess.PIPE,  # it ends with this process, and the child with it
                stdout=subprocess.PIPE,
                stderr=said,
                # Where others want the processors too, threads that spin while they wait take ten times as long.
                env={"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": str(_threads()), **os.environ},
                start_new_session=True,  # Ctrl-C is for whoever started it, who then stops it
                creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0) if gentle else 0,
            )
    except OSError as error:
        raise JobError(f"The training could not be started: {error.strerror or error}.") from error
    if gentle and sys.platform != "win32":
        with contextlib.suppress(OSError):  # it has ended already, or nobody may do that here
            os.setpriority(os.PRIO_PROCESS, child.pid, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
    return child


def why_ended(status: int, said: Path) -> str:
    """One sentence about a process that ended without saying why, with the last line that it left behind."""
    if status == -getattr(signal, "SIGKILL", 9):
        return "The system ended the training, perhaps for want of memory; what was learned so far is kept."
    try:
        how = signal.Signals(-status).name if status < 0 else f"exit code {status}"
    except ValueError:
        how = f"signal {-status}"
    try:
        lines = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    last = f", {lines[-1].strip()[:200]}" if lines else ""
    return f"The training ended unexpectedly ({how}{last}); what was learned so far is kept."
