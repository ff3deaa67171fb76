"""A process that labels photos again and again, until it is done or killed: `predict_child.py FOLDER`.

Each line that it reads names a folder for the results. A run into that begins with the number of its process, in a copy
of this one so that nothing is loaded again, and ends with its exit code.
"""

from __future__ import annotations

import os
import sys

import app.commands.predict_job
from app.cli import parse, run
from tests.app.commands.test_predict_command import QuickSegmenter


def say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    app.commands.predict_job.load_segmenter = lambda *_: QuickSegmenter()  # type: ignore[assignment, return-value]
    for out in sys.stdin:
        process = os.fork()
        if not process:
            say(os.getpid())
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
            sys.exit(run(parse(["predict", sys.argv[1], "-o", out.rstrip("\n"), "--json", "--overlay", "--resume"])))
        say(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
