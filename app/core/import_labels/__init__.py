"""Bring in what exists: labels that people have in files of all kinds, matched with their pictures.

`plan_import` pairs files with pictures, `inspect_plan` says what each file is and what can be made of it, as `inspect`
does for one and `settle` for some, `survey` sorts that for a person to decide, `read` gives labels, and `revised` makes
corrections of them.
"""

from __future__ import annotations

from app.core.import_labels.findings import Conversion, Finding, Kind, Numbers, Reading
from app.core.import_labels.frames import PhotoFrame, photo_frame
from app.core.import_labels.inspection import human_values, inspect, labels_patch, read, settle
from app.core.import_labels.planning import ImportPlan, inspect_plan, label_files, look_like_labels, plan_import
from app.core.import_labels.revising import Existing, Revision, revised
from app.core.import_labels.surveying import Group, Survey, survey

__all__ = [
    "Conversion",
    "Existing",
    "Finding",
    "Group",
    "ImportPlan",
    "Kind",
    "Numbers",
    "PhotoFrame",
    "Reading",
    "Revision",
    "Survey",
    "human_values",
    "inspect",
    "inspect_plan",
    "label_files",
    "labels_patch",
    "look_like_labels",
    "photo_frame",
    "plan_import",
    "read",
    "revised",
    "settle",
    "survey",
]
