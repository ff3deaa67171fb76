"""A process that labels photos until it is done, or killed: `predict_child.py FOLDER OUT`."""

from __future__ import annotations

import sys

import app.commands.predict_job
from app.cli import parse, run
from tests.app.test_predict_command import QuickSegmenter

if __name__ == "__main__":
    app.commands.predict_job.load_segmenter = lambda *_: QuickSegmenter()  # type: ignore[assignment, return-value]
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    folder, out = sys.argv[1:]
    sys.exit(run(parse(["predict", folder, "-o", out, "--json", "--overlay", "--resume"])))
