"""What an import would do, all files together: what a person decides on before any picture changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.core.import_labels.findings import Conversion, Finding, Kind, Numbers
from app.core.import_labels.planning import ImportPlan
from inference.errors import ExpectedError

_SAME_NUMBERS = {Kind.PALETTE, Kind.THREE_CHANNELS, Kind.ALPHA}
"""Converting these takes away what is around the numbers, and leaves the numbers as they are."""


@dataclass(frozen=True)
class Group:
    """Files of one kind, to be converted all in one way or not at all."""

    findings: Mapping[Path, Finding]  # by picture; at least one
    choices: tuple[Conversion, ...]  # the likeliest first

    @property
    def first(self) -> Finding:
        return next(iter(self.findings.values()))

    @property
    def sentence(self) -> str:
        """What the files are."""
        more = len(self.findings) - 1
        like_it = {0: "", 1: " One more is like it."}.get(more, f" {more} more are like it.")
        return f"{self.first.sentence}{like_it}"

    def offer(self, choice: Conversion) -> str:
        """What a conversion does to each of them, in one sentence."""
        return self.first.offer(choice)

    @property
    def harmless(self) -> bool:
        """Whether there is one way only, and it leaves every number as it is."""
        only = self.choices[0]
        plain = not only.turn and not only.shared and only.numbers is Numbers.ADE
        return len(self.choices) == 1 and plain and set(self.first.kinds) <= _SAME_NUMBERS


@dataclass(frozen=True)
class Survey:
    """All files of an import, sorted by what is to be decided."""

    ready: Mapping[Path, Finding]  # by picture: labels as they are
    groups: tuple[Group, ...]  # the largest first
    refused: tuple[str, ...]  # why other files or pictures are left out, one sentence each
    corrected: frozenset[Path]  # pictures that have corrections already
    pictures: tuple[Path, ...]  # with labels that can be brought in, in the order of the list

    def ordered(self, choices: Mapping[Path, Conversion | None]) -> dict[Path, tuple[Finding, Conversion | None]]:
        """The labels that are wanted, in the order of the list: `choices` by picture."""
        findings = dict(self.ready)
        for group in self.groups:
            findings |= group.findings
        return {path: (findings[path], choices[path]) for path in self.pictures if path in choices}


def survey(
    plan: ImportPlan,
    findings: Mapping[Path, Finding],
    is_corrected: Callable[[Path], bool],
    *,
    check: Callable[[int], object] = lambda done: None,
) -> Survey:
    """Sort what `inspect_plan` found. `is_corrected` raises ExpectedError for a picture that cannot take labels.

    `check` is called before each picture with the number of those done; what it raises ends the work.
    """
    refused = [_named(path, reason) for path, reason in plan.refused.items()]
    ready: dict[Path, Finding] = {}
    kinds: dict[tuple[object, ...], dict[Path, Finding]] = defaultdict(dict)
    corrected: set[Path] = set()
    for done, (picture, finding) in enumerate(findings.items()):
        check(done)
        if not finding.ready and not finding.convertible:
            refused.append(finding.sentence)
            continue
        try:
            if is_corrected(picture):
                corrected.add(picture)
        except ExpectedError as error:
            refused.append(_named(picture, str(error)))
            continue
        if finding.ready:
            ready[picture] = finding
        else:
            kinds[finding.kinds, finding.choices][picture] = finding
    groups = sorted((_group(found) for found in kinds.values()), key=lambda group: -len(group.findings))
    usable = {*ready, *(picture for group in groups for picture in group.findings)}
    order = tuple(picture for picture in findings if picture in usable)
    return Survey(ready, tuple(groups), tuple(refused), frozenset(corrected), order)


def _group(found: Mapping[Path, Finding]) -> Group:
    first = next(iter(found.values()))
    return Group(found, first.choices)


def _named(path: Path, reason: str) -> str:
    return reason if path.name in reason else f"{path.name}: {reason}"
