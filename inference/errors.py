"""Errors that people are expected to meet: each says one plain sentence and leaves everything as it was."""

from __future__ import annotations


class ExpectedError(Exception):
    """`str(error)` is one plain sentence for people; nothing was changed."""


class PhotoError(ExpectedError):
    """A picture that cannot be read."""


class WeightsError(ExpectedError):
    """Weights that cannot be found, read or used."""


class EngineError(ExpectedError):
    """An engine or a device that cannot do the work."""
