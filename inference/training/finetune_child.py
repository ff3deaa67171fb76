"""The child process of a job: `python -m inference.training.finetune_child FOLDER [--pace PICTURES]`.

What it tells are lines of JSON on its standard output (`inference.learning.events`), and it obeys those on its standard
input (`inference.learning.control`). It ends when that does: nobody waits for it any more.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from inference.engines.engine import is_out_of_memory
from inference.errors import ExpectedError, first_line
from inference.learning.control import Control, StopAsked
from inference.learning.events import Event, Finished, Refused, Stopped, to_line
from inference.learning.job import Job


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


def last_event(
    folder: Path, *, tell: Callable[[Event], None], check: Callable[[], None], pace_of: int | None = None
) -> Event:
    """Run the job, or measure its pace with `pace_of` pictures; every error that can be expected is a sentence."""
    try:
        # PyTorch takes seconds to load; commands are obeyed meanwhile.
        from inference.training.finetune import Run
        from inference.training.finetune_pace import pace

        job = Job.open(folder)
        if pace_of is not None:
            return pace(job, pictures=pace_of, check=check)
        return Finished(Run(job, tell=tell, check=check).finish())
    except StopAsked:
        return Stopped()
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


def main(arguments: list[str]) -> int:
    # What libraries print belongs to what is read when something went wrong, not between the events.
    tell = Teller(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    control = Control(tell=tell)
    threading.Thread(target=control.obey, args=(sys.stdin.buffer,), daemon=True).start()
    pace_of = int(arguments[2]) if arguments[1:2] == ["--pace"] else None
    tell(last_event(Path(arguments[0]), tell=tell, check=control.check, pace_of=pace_of))
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    # Libraries have been seen to crash while they are unloaded, after all has been told.
    os._exit(code)
