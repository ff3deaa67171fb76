"""The error of a job that cannot be made, opened or run."""

from __future__ import annotations

from inference.errors import ExpectedError


class JobError(ExpectedError):
    """A job of learning that cannot be made, opened or run."""
