"""Bring in what exists: labels that people have in files of all kinds, matched with their pictures.

`plan_import` pairs files with pictures, `inspect` says what a file is and what can be made of it, `settle` weighs files
that belong together, `read` gives labels, and `labels_patch` makes corrections of them.
"""

from __future__ import annotations

from app.core.import_labels.findings import Conversion, Finding, Kind, Numbers, Reading
from app.core.import_labels.frames import PhotoFrame, photo_frame
from app.core.import_labels.inspection import human_values, inspect, labels_patch, read, settle
from app.core.import_labels.planning import ImportPlan, plan_import

__all__ = [
    "Conversion",
    "Finding",
    "ImportPlan",
    "Kind",
    "Numbers",
    "PhotoFrame",
    "Reading",
    "human_values",
    "inspect",
    "labels_patch",
    "photo_frame",
    "plan_import",
    "read",
    "settle",
]
