"""The child process in which an engine is tried: `python -m inference.engines.trial_child FOLDER ENGINE DEVICE …`.

A driver that crashes takes this process down and not the window. FOLDER holds `card.json`; what was found is written
there as `result.json`. The child ends when its standard input does: nobody waits for it any more.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from inference.engines.engine import Engine
from inference.engines.guard import LEAST_AGREEMENT, agreement, check_answer, pictures
from inference.engines.making import make_engine, title
from inference.errors import EngineError, WeightsError
from inference.models import ModelCard, read_card

REPETITIONS = 3


def look(card: ModelCard, engine: str, device: str, *, may_export: bool) -> dict[str, Any]:
    """What an engine does on a device: `usable`, `reason`, `fix`, `milliseconds`, `agreement`, `lasting`; `weights`
    alone where the weights themselves are refused."""
    found: dict[str, Any] = {"usable": False, "reason": "", "fix": "", "milliseconds": None, "agreement": None}
    try:
        made = make_engine(card, engine, device, may_export=may_export)
        check_answer(card, made)
        share = agreement(card, made)
        milliseconds = _milliseconds(card, made)
    except WeightsError as error:
        return {"weights": str(error)}
    except EngineError as error:
        return {**found, "reason": str(error), "fix": error.fix, "lasting": error.lasting}
    found |= {"milliseconds": milliseconds, "agreement": share, "lasting": True}
    if share < LEAST_AGREEMENT:
        reason = (
            f"{title(engine)} on {device} labels {1 - share:.1%} of the pixels of a sample photo otherwise than the "
            f"reference engine; up to {1 - LEAST_AGREEMENT:.0%} is accepted."
        )
        return {**found, "reason": reason}
    return {**found, "usable": True}


def _milliseconds(card: ModelCard, engine: Engine) -> float:
    """The time of one picture of the card's own size, after the first, which may prepare something."""
    picture = pictures(card)[0]
    times = []
    for _ in range(1 + REPETITIONS):
        started = time.perf_counter()
        engine.run(picture)
        times.append((time.perf_counter() - started) * 1000)
    return median(times[1:])


def main(arguments: list[str]) -> int:
    """Folder, engine, device, seconds that it may take, and "may-export" or "no-export"."""
    folder, engine, device, seconds, export = arguments
    faulthandler.dump_traceback_later(float(seconds), exit=True)  # ends even what holds the interpreter's lock
    threading.Thread(target=_end_with_parent, daemon=True).start()
    values = Path(folder, "card.json")
    card = read_card(values)
    card = replace(card, file=Path(json.loads(values.read_text(encoding="utf-8"))["path"]))
    found = look(card, engine, device, may_export=export == "may-export")
    temporary = Path(folder, "result.part")
    temporary.write_text(json.dumps(found), encoding="utf-8")
    temporary.replace(Path(folder, "result.json"))
    return 0


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.stdout = sys.stderr
    code = main(sys.argv[1:])
    # Drivers have been seen to crash while they are unloaded, after all has been said.
    os._exit(code)
