"""The commands that need no window, one file each, found by its name in `COMMANDS`.

Each has `describe(parser)`, which gives an empty parser its arguments, a description and examples, and
`run(arguments)`, which does the job, prints, and returns the exit code. Their files load nothing heavy before `run`, so
that `--help` answers at once; what they do is written elsewhere.
"""

from __future__ import annotations

from enum import IntEnum

COMMANDS = {
    "predict": "label pictures for photos and folders of photos",
    "finetune": "a model learns from the corrections of a project",
    "evaluate": "how well predicted labels agree with true ones",
    "validate": "every problem with a folder of ADE PNGs",
    "convert": "label files of other kinds become ADE PNGs, or the other way round",
    "weights": "fetch published models, add files of your own, see what is here",
    "doctor": "what can run a model here, why the rest cannot, and how to mend it",
    "bench": "how fast everything is on this machine",
}
"""Every command and what it is for, in the order in which help lists them."""


class ExitCode(IntEnum):
    """What a command tells the shell; scripts rely on these numbers."""

    DONE = 0
    REFUSED = 1  # something in the input was refused, all else was done
    USAGE = 2
    NO_RESULT = 3
    INTERRUPTED = 130  # 128 + SIGINT, as shells have it
    UNREAD = 141  # 128 + SIGPIPE: who read the results, such as `head`, wanted no more of them
