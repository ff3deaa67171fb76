"""A stand-in for the trial's child process: what it does is the name of the model card."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path


def act(deed: str, folder: Path) -> int:
    """Do as the card says; "DEED FIFO" for the deed that tells when it is under way."""
    deed, _, told = deed.partition(" ")
    result = folder / "result.json"
    match deed:
        case "abort":
            os.write(1, b"Loading.\nCUDA error: an illegal memory access was encountered\n")
            os.abort()
        case "leave":
            return 7
        case "hang":
            signal.pause()
        case "hang-in-trial":
            return _hang_in_trial(Path(told))
        case "nothing":
            pass
        case "noise":
            result.write_bytes(b"\xff\x00{")
        case "half":
            result.write_text(json.dumps({"usable": True, "reason": "", "fix": ""}), encoding="utf-8")
        case "too-much":
            good = {"usable": True, "reason": "", "fix": "", "milliseconds": 3.0, "agreement": 1.5}
            result.write_text(json.dumps(good), encoding="utf-8")
        case "wait":
            said = {"usable": False, "reason": os.environ["OMP_WAIT_POLICY"], "fix": ""}
            result.write_text(json.dumps(said), encoding="utf-8")
        case "crash-at-the-end":
            good = {"usable": True, "reason": "", "fix": "", "milliseconds": 3.0, "agreement": 1.0, "lasting": True}
            result.write_text(json.dumps(good), encoding="utf-8")
            os.abort()
    return 0


def _hang_in_trial(told: Path) -> int:
    from inference.engines import trial_child

    with told.open("w", encoding="ascii") as fifo:  # open as long as this process lives

        def hang(*_: object, **__: object) -> dict[str, object]:
            fifo.write("here\n")
            fifo.flush()
            signal.pause()
            return {}

        trial_child.look = hang
        return trial_child.main(sys.argv[1:])


if __name__ == "__main__":
    place = Path(sys.argv[1])
    sys.exit(act(json.loads((place / "card.json").read_text(encoding="utf-8"))["name"], place))
