"""Errors of the core that people are expected to meet: one plain sentence each, and nothing was changed."""

from __future__ import annotations

from inference.errors import ExpectedError


class PatchError(ExpectedError, ValueError):
    """A stored patch that is damaged, or that belongs to another picture."""


class ExportError(ExpectedError):
    """A file that cannot be written."""


class LabelsError(ExpectedError):
    """A file that does not hold ADE labels."""
