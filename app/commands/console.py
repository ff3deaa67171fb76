"""How commands speak: results on stdout, what is said beside them and progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def progress(total: int | None, *, unit: str) -> Iterator[Callable[..., object]]:
    """A bar as long as the context lasts. No bar where stderr is no terminal.

    What it gives is told how many are done and, where that was not known before, of how many.
    """
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, disable=None, dynamic_ncols=True, file=sys.stderr) as bar:

        def advance(done: int, of: int | None = None) -> None:
            bar.total = of or total
            bar.update(done - bar.n)

        yield advance


def print_json(record: object) -> None:
    """One JSON document on stdout, in plain ASCII where stdout cannot take every character."""
    every = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    print(json.dumps(record, indent=1, ensure_ascii=not every, allow_nan=False))


def print_table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they need to be, the first on the left, the others on the right; an empty line after them."""
    lines = [heading, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heading))]
    for line in lines:
        cells = [f"{cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True)]
        print("  ".join([f"{line[0]:<{widths[0]}}", *cells]).rstrip())
    print()


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 file", "2,000 files"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def note(sentence: str) -> None:
    """Something said beside the results."""
    print(sentence, file=sys.stderr)


def print_refused(refused: Mapping[Path, str]) -> None:
    """What was left out, with the reasons; nothing where that is empty."""
    if refused:
        note(f"{len(refused):,} refused:")
    for path, reason in refused.items():
        note(f"  {about(path, reason)}")


def about(path: Path, reason: str) -> str:
    """What is wrong with a file, and where it lies; a sentence that begins with its name does not say that twice."""
    for told in filter(None, (str(path), path.name)):
        if reason.startswith(f"{told} "):
            return f"{path}{reason.removeprefix(told)}"
    return f"{path}: {reason}"
