"""What the application remembers: one frozen value, a schema, and a sparse file of what differs from the defaults.

The file is `settings.json` in the user's configuration folder. Window geometry is Qt's own business: QSettings.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import platformdirs

from app.core.files import atomic_write
from app.core.palettes import Palette
from inference.learning.settings import Scope, Untouched

log = logging.getLogger(__name__)

RECENT_PATHS = 10
Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Settings:
    """Every remembered choice with its default; units in the comments."""

    threshold: float = 0.5  # 0..1
    threshold_for_all: bool = True
    semantic: bool = False  # the semantic view instead of segments
    opacity: float = 0.55  # 0..1
    outline: bool = False
    palette: str = "ade"  # colours of the classes: "ade", "distinct" or "colour-blind"
    patterns: bool = False
    names: bool = False  # of the classes, in their large regions
    brush_size: int = 40  # image pixels, 1..2000
    current_class: int = 1  # 0 = unlabelled, 1..150
    recent_classes: tuple[int, ...] = ()  # by their digit, at most nine
    class_thresholds: tuple[tuple[int, float], ...] = ()  # class 1..150 and its own threshold 0..1
    favourites: tuple[int, ...] = ()  # classes that the legend always lists
    legend_sort: str = "area"
    picture_grid: bool = False  # thumbnails beside each other instead of a list
    tool: str = "relabel"
    tool_values: tuple[tuple[str, Value], ...] = ()  # options of tools as ("tool.option", value)
    recent_paths: tuple[str, ...] = ()  # most recent first
    export_folder: str = ""
    export_source: str = ""  # the photos' folder that the export folder was chosen for
    export_semantic_rest: bool = False
    export_overlay: bool = False
    export_detections: bool = False
    model: str = "starter"  # a known name or a weights file
    engine: str = "auto"
    device: str = "auto"
    remote_allowed: str = ""  # the address of the remote engine that photos may be sent to; its key is never kept here
    learn_scope: str = "auto"  # what learns from corrections: "head", "all", or what suits the device
    learn_untouched: str = Untouched.KEEP.value  # what becomes of pixels that nobody decided
    learn_score: float = 0.5  # 0..1, from which of these are kept
    learn_weight: float = 1.0  # 0..1, of one that is kept
    learn_held_back: float = 0.2  # share of the pictures, 0..0.9


def _number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _list_of(check: Callable[[Any], bool], *, most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list | tuple) and len(value) <= most and all(check(item) for item in value)


def _pair_of(first: Callable[[Any], bool], second: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list | tuple) and len(value) == 2 and first(value[0]) and second(value[1])


def _value(value: Any) -> bool:
    return isinstance(value, bool | int | float | str)


SCHEMA: Mapping[str, Callable[[Any], bool]] = {
    "threshold": _number(0, 1),
    "threshold_for_all": _flag,
    "semantic": _flag,
    "opacity": _number(0, 1),
    "outline": _flag,
    "palette": lambda value: value in [kind.value for kind in Palette],
    "patterns": _flag,
    "names": _flag,
    "brush_size": _whole(1, 2000),
    "current_class": _whole(0, 150),
    "recent_classes": _list_of(_whole(0, 150), most=9),
    "class_thresholds": _list_of(_pair_of(_whole(1, 150), _number(0, 1)), most=150),
    "favourites": _list_of(_whole(0, 150), most=151),
    "legend_sort": _text,
    "picture_grid": _flag,
    "tool": _text,
    "tool_values": _list_of(_pair_of(_text, _value), most=400),  # some are remembered by class
    "recent_paths": _list_of(_text, most=RECENT_PATHS),
    "export_folder": _text,
    "export_source": _text,
    "export_semantic_rest": _flag,
    "export_overlay": _flag,
    "export_detections": _flag,
    "model": _text,
    "engine": lambda value: value in ("auto", "onnx", "openvino", "torch", "remote"),
    "device": _text,
    "remote_allowed": _text,
    "learn_scope": lambda value: value in ["auto", *(scope.value for scope in Scope)],
    "learn_untouched": lambda value: value in [way.value for way in Untouched],
    "learn_score": _number(0, 1),
    "learn_weight": _number(0, 1),
    "learn_held_back": _number(0, 0.9),
}


def settings_path() -> Path:
    return Path(platformdirs.user_config_dir("ade-mask-studio", appauthor=False)) / "settings.json"


def load_settings(path: Path | None = None) -> tuple[Settings, str | None]:
    """The remembered settings, and a sentence when the file could not be used as it was.

    A value that the schema refuses falls back to its default alone; a file that is no JSON object is set aside as
    `settings.json.unreadable`.
    """
    path = settings_path() if path is None else path
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(stored, dict):
            raise ValueError("not an object")
    except FileNotFoundError:
        return Settings(), None
    except (ValueError, OSError, RecursionError) as error:
        log.warning("settings not readable: %s", error)
        aside = path.with_name(path.name + ".unreadable")
        try:
            path.replace(aside)
        except OSError:
            return Settings(), f"The settings in {path} cannot be read, so the defaults are used."
        return Settings(), f"The settings could not be read, so the defaults are used; the old file is {aside.name}."
    known = {field.name for field in fields(Settings)}
    good: dict[str, Any] = {
        name: _as_tuples(value) for name, value in stored.items() if name in known and SCHEMA[name](value)
    }
    return Settings(**good), None


def _as_tuples(value: Any) -> Any:
    return tuple(_as_tuples(item) for item in value) if isinstance(value, list) else value


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write what differs from the defaults, atomically.

    Raises:
        OSError, ExportError: the folder cannot be written.
    """
    path = settings_path() if path is None else path
    defaults = asdict(Settings())
    overrides = {name: value for name, value in asdict(settings).items() if value != defaults[name]}
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, (json.dumps(overrides, indent=2, sort_keys=True) + "\n").encode())
