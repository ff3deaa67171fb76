"""What `ade-mask-studio doctor` finds: the machine, what can run a model on it and why the rest cannot, and where files
are kept. Nothing here raises for what it finds: telling it is the purpose."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import platformdirs

from app.bench.machine import machine_line
from app.chrome.display import display_problem
from app.settings import settings_path
from inference.engines.devices import cuda_devices, to_try
from inference.engines.trials import Trial, trials_path, try_devices
from inference.errors import ExpectedError
from inference.ledger import store_folder
from inference.models import find_card
from inference.remote_key import system_keyring


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """All that is worth knowing when something does not run, or not where it should."""

    version: str
    machine: str
    driver: str  # of NVIDIA cards, or why there is none
    display: str
    keyring: str
    places: Mapping[str, str]  # what is kept → where, and what is wrong there
    model: str
    problem: str  # why the model cannot be used by anything; empty where it can
    trials: tuple[Trial, ...]

    @property
    def chosen(self) -> Trial | None:
        """What predicts where nobody asks for anything else; None where nothing can."""
        usable = {(trial.engine, trial.device): trial for trial in self.trials if trial.usable}
        return next((usable[pair] for pair in to_try("auto", "auto") if pair in usable), None)


def diagnose(
    model: str, *, version: str, fresh: bool = False, report: Callable[[Trial], object] = lambda _trial: None
) -> Diagnosis:
    """Look at everything; engines are tried with a known model or a weights file. `report` is told of each at once."""
    name, problem = model, ""
    trials: tuple[Trial, ...] = ()
    try:
        card = find_card(model)
        card.weights()
        name = card.name
        trials = try_devices(card, fresh=fresh, report=report)
    except ExpectedError as error:
        problem = str(error)
    cuda = cuda_devices()
    return Diagnosis(
        version=version,
        machine=machine_line(),
        driver=f"{', '.join(cuda.names)} (driver {cuda.driver})" if cuda.count else f"None: {cuda.reason}.",
        display=display_problem() or "There is a display for the window.",
        keyring=keyring_line(),
        places={what: _told(path) for what, path in places().items()},
        model=name,
        problem=problem,
        trials=trials,
    )


def as_record(found: Diagnosis) -> dict[str, Any]:
    """The same as plain data."""
    chosen = found.chosen
    return {
        **asdict(found),
        "places": dict(found.places),
        "chosen": None if chosen is None else {"engine": chosen.engine, "device": chosen.device},
    }


def places() -> dict[str, Path]:
    """The files and folders that this program uses, beside those that people open and export to."""
    cache = platformdirs.user_cache_path("ade-mask-studio")
    data = platformdirs.user_data_path("ade-mask-studio", appauthor=False)
    return {
        "Settings": settings_path(),
        "Projects of folders that cannot be written": data / "projects",
        "Weights": store_folder(),
        "Graphs made of weights": cache / "onnx",
        "Results of these trials": trials_path(),
        "Errors": Path(platformdirs.user_log_dir("ade-mask-studio", appauthor=False)) / "errors.log",
    }


def _told(path: Path) -> str:
    """A path, and what is to be known of it."""
    try:
        if path.exists():
            return str(path) if os.access(path, os.W_OK) else f"{path} (cannot be written)"
    except OSError:
        return f"{path} (cannot be read)"
    parent = next((folder for folder in path.parents if folder.exists()), path)
    return f"{path} (not made yet)" if os.access(parent, os.W_OK) else f"{path} (cannot be made)"


def keyring_line() -> str:
    """Whether there is a place for secrets on this system, as one sentence; no secret is asked for."""
    try:
        backend = system_keyring()
    except ImportError:
        return "The package keyring is not installed, so no key can be kept."
    if backend is None:
        return "There is none on this system, so a key is kept as long as the window is open."
    return f"{backend.name} keeps the key of the remote engine, if there is one."
