"""`ade-mask-studio finetune`: from the pictures of a project that are done to a model, and what became of it."""

from __future__ import annotations

import queue
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.commands import ExitCode
from app.commands.console import counted, note, print_json, print_refused
from app.commands.finetune_told import StageBars, print_report
from app.core.document import ViewMode
from app.core.errors import ExportError, ProjectError
from app.core.export import Rest
from app.core.files import atomic_write, make_folder, reason
from app.core.learning import Showing, count, gather
from app.core.project.places import FILE_NAME, FOLDER_KEY, project_file
from app.core.project.store import ProjectStore
from app.core.run_progress import duration
from app.learning.going_on import why_not_on
from app.learning.material import Material, advice_on, without_lesson
from app.learning.texts import held_back_count
from app.settings import Settings, load_settings
from inference.engines.devices import wanted_devices
from inference.errors import ExpectedError
from inference.learning.events import Event, Finished, Refused, Stopped
from inference.learning.generations import knows
from inference.learning.job import Job, JobError, JobState
from inference.learning.process import LearnProcess, measure_pace
from inference.learning.report import LearnReport
from inference.learning.settings import LearnSettings, Scope
from inference.models import find_card

_LISTENING = 0.5  # seconds after which a key that was pressed is noticed where waiting itself does not notice it


@dataclass(frozen=True, kw_only=True)
class FinetuneJob:
    """What was asked for; the names are those of the command line."""

    project: Path
    weights: Path  # of the new model
    model: str = "starter"
    scope: Scope | None = None  # None: by the device
    settings: LearnSettings = field(default_factory=LearnSettings)
    resume: bool = False
    as_json: bool = False

    @property
    def card(self) -> Path:
        return self.weights.with_suffix(".json")

    @property
    def folder(self) -> Path:
        """Where the job is kept until its result is there."""
        return self.weights.with_suffix(".learning")


def finetune(asked: FinetuneJob) -> ExitCode:
    """Learn, write the model, print the report, and give the exit code.

    Raises ExpectedError where there is no result, UnknownModelError for a model that is none.
    """
    _check_output(asked)
    refused: dict[str, str] = {}
    try:
        job = _left(asked) if asked.resume else _begun(asked, refused)
    finally:
        print_refused({Path(name): sentence for name, sentence in refused.items()})
    try:
        if job.state is JobState.NEW and not asked.resume:  # else it was told, and part of the work may be done
            _tell_pace(job)
        if job.state is not JobState.FINISHED:
            _learn(job)
    except KeyboardInterrupt:
        note(f"{_how_far(job)} What was learned so far is kept in {job.folder}: --resume goes on from there.")
        return ExitCode.INTERRUPTED
    report = job.report()
    if report is None:
        raise JobError(f"The training ended without a result. --resume goes on with {job.folder}.")
    curve = [{"step": told.step, "loss": told.loss} for told in job.progress()]
    _deliver(job, asked)
    if asked.as_json:
        print_json(_record(report, asked.weights, refused, curve))
    else:
        print_report(report, asked.weights)
    return ExitCode.DONE if report.recommended and not refused else ExitCode.REFUSED


def _check_output(asked: FinetuneJob) -> None:
    """Before anything is computed for nothing. Raises `JobError` and `ExportError`."""
    for file in (asked.weights, asked.card):
        if file.exists():
            if asked.resume and not asked.folder.exists():
                raise JobError(f"{file} is there already, and there is no job left that could be gone on with.")
            raise JobError(f"{file} is there already: give the new model another name, or remove it first.")
    if not asked.resume and _is_unfinished(asked.folder):
        raise JobError(
            f"{asked.folder} holds a job that was stopped: --resume goes on with it; remove the folder to begin anew."
        )
    make_folder(asked.folder.parent)


def _is_unfinished(folder: Path) -> bool:
    """Whether work lies there that would be lost."""
    if not folder.exists():
        return False
    try:
        job = Job.open(folder)
        return job.state is not JobState.NEW or job.features.exists()
    except JobError:  # nobody can go on with it; making a job there refuses what is none
        return False


def _left(asked: FinetuneJob) -> Job:
    """The job that was stopped. Raises `JobError` where there is none, or nobody can go on with it."""
    job = Job.open(asked.folder)
    if job.state is not JobState.FINISHED and (why := why_not_on(job)):
        raise JobError(f"{why} To begin anew, which loses no correction, remove {asked.folder} and leave out --resume.")
    return job


def _begun(asked: FinetuneJob, refused: dict[str, str]) -> Job:
    """A new job with all pictures that are done; why others are left out goes into `refused`."""
    parent = find_card(asked.model)
    settings = replace(asked.settings, scope=asked.scope or _scope_for(asked.settings.device))
    said, problem = load_settings()
    if problem is not None:
        note(problem)
    with closing(_opened(asked.project)) as store, StageBars() as bars:
        if not count(store).done:
            raise ProjectError(
                f"No picture of {store.root} is marked done: finish some of them in the window, and mark them (F4)."
            )
        pictures = gather(
            store,
            held_back=settings.held_back,
            showing=_showing(said),
            told=bars.gathering,
            refused=refused.__setitem__,
        )
        job = Job.create(asked.folder, parent=parent, name=asked.weights.stem, settings=settings, pictures=pictures)
    _tell_pictures(job, store.root)
    return job


def _scope_for(device: str) -> Scope:
    """All of the network where that does not take hours. Raises `EngineError` for a device that is not there."""
    return Scope.ALL if wanted_devices(device)[0].startswith("cuda") else Scope.HEAD


def _showing(settings: Settings) -> Showing:
    """As the window exports."""
    return Showing(
        mode=ViewMode.SEMANTIC if settings.semantic else ViewMode.SEGMENTS,
        threshold=settings.threshold,
        class_thresholds=dict(settings.class_thresholds),
        for_all=settings.threshold_for_all,
        rest=Rest.SEMANTIC if settings.export_semantic_rest else Rest.THRESHOLD,
    )


def _opened(path: Path) -> ProjectStore:
    """The project of a folder, or in a file, for reading only. Raises `ProjectError`."""
    if path.is_dir():
        place = project_file(path)
        if not place.file.is_file():
            raise ProjectError(
                f"There is no project in {path}: open the folder in the window, correct some pictures, and mark those "
                "that are right as done (F4)."
            )
        return ProjectStore.open(place.root, place.file, read_only=True)
    if not path.exists():
        raise ProjectError(f"{path} does not exist.")
    if path.suffix != Path(FILE_NAME).suffix:
        raise ProjectError(f"{path} is no project: give the folder of photos that was opened in the window.")
    store = ProjectStore.open(path.parent, path, read_only=True)
    if path.name != FILE_NAME:  # one that does not lie in its folder knows where that is
        place_of = store.value(FOLDER_KEY)
        if isinstance(place_of, dict) and "path" in place_of:
            store.root = Path(place_of["path"])
    return store


def _tell_pictures(job: Job, root: Path) -> None:
    held_back = len(job.indices(held_back=True))
    decided = sum(picture.decided for picture in job.pictures)
    kept = sum(picture.kept for picture in job.pictures)
    also = f", and {kept:,} that the network was sure of" if kept else ""
    note(
        f"{counted(len(job.pictures), 'picture')} of {root} done, {held_back} of them held back; "
        f"{decided:,} pixels that you decided{also}."
    )
    for _name, sentence in without_lesson(job):
        note(sentence)
    share = job.settings.held_back
    names = tuple(picture.name for picture in job.pictures)
    if (known := held_back_count(names, share, knows=lambda _name: False) - held_back) > 0:
        note(f"{known} more would be held back, but {job.parent.name} has learned from them already.")
    material = Material(len(names), names, decided, corrected=bool(decided))
    if advice := advice_on(material, held_back=share, parent=job.parent.name, knows=knows(job.parent.lineage)):
        note(advice)


def _tell_pace(job: Job) -> None:
    """How long it will take here, before it begins: a few seconds of the work itself tell."""
    try:
        pace = measure_pace(job)
    except JobError as error:  # where it is more than that, the training says so
        note(f"How long it takes here could not be measured. {error}")
        return
    head, whole = (None if seconds is None else duration(seconds) for seconds in (pace.head, pace.all))
    mine, other = (head, whole) if job.settings.scope is Scope.HEAD else (whole, head)
    if mine is None:
        return
    parts = "The decoder alone", "the whole network"
    what, instead = parts if job.settings.scope is Scope.HEAD else ("The whole network", "the decoder alone")
    note(f"{what} takes about {mine} here{'' if other is None else f'; {instead} would take {other}'}.")


def _learn(job: Job) -> None:
    """Run the job to its end. Raises `JobError` where it ends before, and KeyboardInterrupt where somebody asks to."""
    with _events(job) as events, StageBars() as bars:
        for event in events:
            bars.show(event)
            if isinstance(event, Refused):
                raise JobError(f"{event.reason} --resume goes on with {job.folder}; remove that to begin anew.")


@contextmanager
def _events(job: Job) -> Iterator[Iterable[Event]]:
    """What the job tells while it runs, to its last event; it is stopped where the context ends before."""
    told: queue.Queue[Event] = queue.Queue()
    process = LearnProcess(job, told=told.put)

    def listen() -> Iterator[Event]:
        while True:
            try:
                event = told.get(timeout=_LISTENING)
            except queue.Empty:
                continue
            yield event
            if isinstance(event, Finished | Stopped | Refused):
                return

    process.start()
    try:
        yield listen()
    except BaseException:
        process.stop()
        raise
    finally:
        process.wait()


def _how_far(job: Job) -> str:
    curve = job.progress()
    return f"Stopped after {curve[-1].step:,} of {curve[-1].steps:,} steps." if curve else "Stopped."


def _deliver(job: Job, asked: FinetuneJob) -> None:
    """The model to where it is wanted, whole or not at all; then the job has served. Raises `ExportError`."""
    try:
        for source, target in ((job.result, asked.weights), (job.result.with_suffix(".json"), asked.card)):
            atomic_write(target, source.read_bytes())
    except (OSError, ExpectedError) as error:
        why = str(error) if isinstance(error, ExpectedError) else f"{reason(error).capitalize()}."
        raise ExportError(f"{why} The new model is kept in {job.folder}: --resume writes it.") from error
    shutil.rmtree(job.folder, ignore_errors=True)


def _record(
    report: LearnReport, weights: Path, refused: Mapping[str, str], curve: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "model": str(weights),
        **report.to_json(),
        "curve": curve,
        "refused": [{"name": name, "reason": sentence} for name, sentence in refused.items()],
    }
