"""Whether a job of learning that was stopped can be gone on with, for the window and the command line alike."""

from __future__ import annotations

from inference.errors import WeightsError
from inference.learning.job import Job
from inference.weights import sha256_of


def why_not_on(job: Job) -> str:
    """Why nobody can go on with it, a sentence; empty where that is possible.

    What was learned so far holds for the very weights that it began with, and those are read for this: a new version of
    the program may have brought another model of that name.
    """
    parent = job.parent
    try:
        if parent.file is not None and parent.sha256 in (None, sha256_of(parent.file)):
            return ""
    except WeightsError as error:
        return f"It cannot go on without {parent.name}, which it began with. {error}"
    return f"It cannot go on: it began with {parent.name}, which is another model by now."
