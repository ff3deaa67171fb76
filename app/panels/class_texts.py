"""How a class is written for people: its name, its number, what matched a search, and how well networks know it."""

from __future__ import annotations

from resources.classes import ade_class, search

UNLABELLED = "unlabelled"
WEAK_IOU = 25.0  # percent; the published mean of the m network is 43
SIZES = ("s", "m", "l")
MIDDLE = "m"  # whose published figures stand in for a model that has none of its own


def class_name(class_id: int) -> str:
    """The short name; 0 is 'unlabelled'."""
    return ade_class(class_id).name if class_id else UNLABELLED


def class_label(class_id: int) -> str:
    """Number and name, as buttons and the status bar show it."""
    return f"{class_id} {class_name(class_id)}"


def published_size(model: str) -> str | None:
    """Which of the published networks a model is: "s", "m" or "l"; None for any other, such as the starter."""
    return next((size for size in SIZES if model == f"bisenetformer-{size}-ade"), None)


def published_iou(class_id: int, size: str | None = None) -> float | None:
    """Published IoU of the class on ADE20K val, percent, of one size or else of the middle one; None for unlabelled."""
    return ade_class(class_id).iou[size or MIDDLE] if class_id else None


def is_weak(class_id: int, size: str | None = None) -> bool:
    """Whether even the published network gets this class wrong more often than not by far."""
    iou = published_iou(class_id, size)
    return iou is not None and iou < WEAK_IOU


def iou_tip(class_id: int, size: str | None = None) -> str:
    """One sentence about the published accuracy of the class, and whose it is."""
    iou = published_iou(class_id, size)
    if iou is None:
        return ""
    warning = " – expect mistakes" if is_weak(class_id, size) else ""
    other = "" if size else "; the model that answers has no published figures and may be weaker"
    return f"Published IoU of this class on ADE20K val with bisenetformer-{size or MIDDLE}: {iou:.1f} %{warning}{other}"


def class_tip(class_id: int) -> str:
    """Name, number and synonyms."""
    if not class_id:
        return "0 unlabelled: no class"
    entry = ade_class(class_id)
    others = [name for name in entry.synonyms if name != entry.name]
    return "\n".join([class_label(class_id), f"Also: {', '.join(others)}"] if others else [class_label(class_id)])


def find_classes(query: str) -> list[int]:
    """Ids of the classes that match, best first; unlabelled (0) matches its own name and number and comes first."""
    found = [entry.id for entry in search(query)]
    wanted = _folded(query)
    return [0, *found] if UNLABELLED.startswith(wanted) or wanted == "0" else found


def matching_synonym(class_id: int, query: str) -> str:
    """The synonym that explains why the class was found, or an empty string when its name or number does."""
    wanted = _folded(query)
    if not class_id or not wanted:
        return ""
    entry = ade_class(class_id)
    if wanted in _folded(entry.name) or str(class_id).startswith(wanted):
        return ""
    found = [name for name in entry.synonyms if wanted in _folded(name)]
    return min(found, key=lambda name: (not _folded(name).startswith(wanted), len(name)), default="")


def _folded(text: str) -> str:
    return " ".join(text.casefold().replace("-", " ").split())
