"""Whether a job that was stopped can be gone on with."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from app.learning.going_on import why_not_on
from inference.learning.job import Job
from inference.learning.settings import LearnSettings
from inference.models import find_card


def test_a_job_goes_on_only_from_the_very_model_that_it_began_with(tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    file.write_bytes(b"as it was")
    parent = replace(find_card("starter"), name="mine", file=file, sha256=hashlib.sha256(b"as it was").hexdigest())
    job = Job(folder=tmp_path, parent=parent, name="more", settings=LearnSettings(), pictures=())
    assert why_not_on(job) == ""
    assert why_not_on(replace(job, parent=replace(parent, sha256=None))) == ""  # it never said which one it was
    assert why_not_on(replace(job, parent=replace(parent, file=None))).startswith("It cannot go on: ")
    file.write_bytes(b"another one")
    assert why_not_on(job) == "It cannot go on: it began with mine, which is another model by now."
    file.unlink()
    assert why_not_on(job) == "It cannot go on without mine, which it began with. mine.safetensors does not exist."
