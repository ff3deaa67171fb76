"""The child process of a job: `python -m inference.training.finetune_child FOLDER [--pace PICTURES]`.

What it tells are lines of JSON on its standard output (`inference.learning.events`), and it obeys those on its standard
input (`inference.learning.control`). It ends when that does: nobody waits for it any more.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

from inference.engines.engine import is_out_of_memory
from inference.errors import ExpectedError, first_line
from inference.learning.control import Control
from inference.learning.events import Event, Finished, Refused, Stopped, to_line
from inference.learning.job import Job

if TYPE_CHECKING:  # PyTorch takes seconds to load; commands are obeyed meanwhile
    from inference.training.finetune import Run


class Teller:
    """Writes events; where nobody reads them any more, nothing happens."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._lock = out, threading.Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            try:
                self._out.write(to_line(event).encode() + b"\n")
                self._out.flush()
            except OSError:
                return  # the standard input ends with the same process, which stops the work


class Child:
    """The work of the process, and its end, which comes once: when all is done, or when it is not wanted any more."""

    def __init__(self, folder: Path, *, tell: Callable[[Event], None], end: Callable[[int], object] = os._exit) -> None:
        # `os._exit`: libraries have been seen to crash while they are unloaded, after all has been told.
        self._folder, self._tell, self._end = folder, tell, end
        self._run: Run | None = None
        self._ending = threading.Lock()  # never let go of again

    def work(self, *, check: Callable[[], None], pace_of: int | None = None) -> None:
        """Run the job, or measure its pace with `pace_of` pictures, tell how it ended, and end."""
        last = sentence_for_errors(lambda: self._worked(check=check, pace_of=pace_of))
        if self._ending.acquire(blocking=False):
            self._tell(last)
            self._end(0)

    def stop(self) -> None:
        """Keep what was learned so far, tell so, and end; from another thread, whatever the work is doing."""
        if self._ending.acquire(blocking=False):
            self._tell(sentence_for_errors(self._kept))
            self._end(0)

    def _worked(self, *, check: Callable[[], None], pace_of: int | None) -> Event:
        job = Job.open(self._folder)
        job.parent.weights()  # where they are gone, nobody has to wait for PyTorch to be told so
        from inference.training.finetune import Run
        from inference.training.finetune_pace import pace

        if pace_of is not None:
            return pace(job, pictures=pace_of, check=check)
        self._run = Run(job, tell=self._tell, check=check)
        return Finished(self._run.finish())

    def _kept(self) -> Event:
        if self._run is not None:
            self._run.keep()
        return Stopped()


def sentence_for_errors(work: Callable[[], Event]) -> Event:
    """What the work tells at its end; every error that can be expected is a sentence."""
    try:
        return work()
    except ExpectedError as error:
        return Refused(str(error))
    except OSError as error:
        return Refused(f"The folder of the job cannot be used: {error.strerror or first_line(error)}.")
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            return Refused(
                f"There is not enough memory for this training ({first_line(error)[:120]}); training the head alone "
                "takes less. What was learned so far is kept."
            )
        return Refused(f"PyTorch failed: {first_line(error)} What was learned so far is kept.")


def end_with(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """After an error that nobody expected: at once, for the interpreter aborts at its own end while commands are still
    being read, and what it says then is the last that would be told of this."""
    traceback.print_exception(kind, error, trace)
    os._exit(1)


def main(arguments: list[str]) -> None:
    sys.excepthook = end_with
    # What libraries print belongs to what is read when something went wrong, not between the events.
    tell = Teller(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    child = Child(Path(arguments[0]), tell=tell)
    control = Control(tell=tell, end=child.stop)
    threading.Thread(target=control.obey, args=(sys.stdin.buffer,), daemon=True).start()
    child.work(check=control.check, pace_of=int(arguments[2]) if arguments[1:2] == ["--pace"] else None)
    threading.Event().wait()  # the other thread is about to end all


if __name__ == "__main__":
    main(sys.argv[1:])
