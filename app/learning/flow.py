"""Learning from corrections, from the menu to a model in use: what is asked for, what is told, what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.chrome.status_bar import UnderWay
from app.core.learning import Showing
from app.desk import Desk
from app.dialogs import choose
from app.learning.choices import remembered, to_remember
from app.learning.dialog import LearnDialog
from app.learning.earlier import EarlierJob, EarlierJobs, mark_seen
from app.learning.gathering import Order, look_at
from app.learning.job import CLOSING_SECONDS, LearnJob
from app.learning.material import Material
from app.learning.names import free_name, job_folder, refusal_of_name
from app.learning.pace import LearnPace
from app.learning.refresh import LearnRefresh
from app.learning.setup import Start
from app.learning.standing import Phase
from app.learning.texts import stage_text
from app.predicting.flow import RunFlow
from app.settings import Settings
from app.workers.lane import Lane
from inference.errors import ExpectedError
from inference.foreign import ForeignGraph
from inference.learning.events import StepTold
from inference.learning.job import MINIMUM_PICTURES, Job
from inference.learning.report import LearnReport
from inference.models import ModelCard, find_card
from inference.remote_card import REMOTE

_SIGN = 1000  # steps of the sign in the status bar
_ALMOST = 0.99  # of them, while it is not finished


class LearnFlow(QObject):
    """The dialog is made when it is first wanted. The job is that of the project of the picture on screen then."""

    settings_changed = Signal(dict)  # remembered choices
    reminded = Signal(str)  # of a job of an earlier day, beside all else that is said when a folder is opened

    def __init__(self, desk: Desk, run_flow: RunFlow, window: QWidget, *, settings: Callable[[], Settings]) -> None:
        super().__init__(window)
        self._desk, self._window, self._settings = desk, window, settings
        self._dialog: LearnDialog | None = None
        self._root, self._file = Path(), Path()  # of the project that is learned from
        self._suggested = ""  # as the name of the new model
        self._material = Material()
        self._followed: Job | None = None  # what the dialog tells of; None while the pictures of a new one are read
        self._kept_for: dict[Path, tuple[Path, bool]] = {}  # by job: the project, and whether it is used as well
        self._unseen = False  # it ended while its dialog was closed
        self._earlier: EarlierJob | None = None  # of the project on screen, until somebody looks
        self._earlier_jobs = EarlierJobs(desk, self)
        self._earlier_jobs.found.connect(self._remind)
        self._lane = Lane("look at project", self)
        desk.model.replaced.connect(self._model_replaced)
        self._refresh = LearnRefresh(desk, run_flow, self)
        self.pace = LearnPace(self)
        self.job = LearnJob(self)
        tip = "Stop learning; what is learned so far is kept"
        self.sign = UnderWay("learning", tip=tip, parent=window)  # for the status bar
        self.sign.cancel_requested.connect(self.job.stop)
        self.sign.asked.connect(self._sign_asked)
        self.job.changed.connect(self._show_standing)
        self.job.stepped.connect(self._stepped)
        self.job.finished.connect(self._finished)
        self.job.refused.connect(self._refused)
        self.job.kept.connect(self._kept)

    # --- the dialog ------------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Come to the front with what there is to choose, to follow or to decide."""
        if self.job.active:
            self._come_up()
        elif self._desk.current is None:
            self._desk.said.emit("Open pictures first: those marked done are learned from.")
        else:
            folder = self._desk.current.parent
            self._desk.keeper.read(
                lambda projects: (projects.store(folder).root, projects.store(folder).file),
                lambda place: self._open(*place),
            )

    def _sign_asked(self) -> None:
        if self._earlier is None:
            self._come_up()
        else:
            self._open(self._earlier.root, self._earlier.file)

    def _open(self, root: Path, file: Path) -> None:
        """The dialog of a project; how much there is to learn from is counted meanwhile."""
        if self.job.active:
            self._come_up()
            return
        dialog, is_other = self._made(), root != self._root
        self._root, self._file = root, file
        if is_other:
            self._material = Material()
            self.pace.forget()
            dialog.setup.show_folder(root.name)
            dialog.setup.show_material(None)
            dialog.setup.show_no_pace()
            dialog.setup.show_name("")
        status = self._desk.engine_status
        dialog.setup.show_settings(remembered(self._settings(), device="" if status is None else status.device))
        self.job.open(job_folder(root))
        self._come_up()

    def _made(self) -> LearnDialog:
        if self._dialog is None:
            dialog = self._dialog = LearnDialog(refusal_of_name=refusal_of_name, parent=self._window)
            dialog.setup.wanted.connect(self._begin)
            dialog.setup.changed.connect(self._remember)
            dialog.activated.connect(self._look)
            dialog.running.pause_asked.connect(self.job.pause)
            dialog.running.resume_asked.connect(self.job.resume)
            dialog.running.stop_asked.connect(self.job.stop)
            dialog.running.go_on_asked.connect(self.job.go_on)
            dialog.running.anew_asked.connect(lambda: self._show_setup(dialog))
            dialog.report.use_asked.connect(self._use)
            dialog.report.keep_asked.connect(self._keep_anyway)
            dialog.report.discard_asked.connect(self._discard)
            self.pace.measured.connect(
                lambda pace, place, problem: dialog.setup.show_pace(pace, place=place, problem=problem)
            )
        return self._dialog

    def _come_up(self) -> None:
        dialog, report = self._made(), self.job.report()
        if report is not None:
            self._show_report(dialog, report)
        elif self.job.active or self.job.job is not None:
            self._show_running(dialog)
        else:
            self._show_setup(dialog)
        dialog.come_up()
        self._unseen, self._earlier = False, None
        self._show_sign()

    def _show_setup(self, dialog: LearnDialog) -> None:
        dialog.show_page(dialog.setup)
        self._look()

    def _show_report(self, dialog: LearnDialog, report: LearnReport) -> None:
        dialog.report.show_report(report)
        dialog.report.set_busy(busy=self.job.keeping)
        dialog.show_page(dialog.report)
        if self.job.job is not None:
            mark_seen(self.job.job)

    def _show_running(self, dialog: LearnDialog) -> None:
        self._follow(dialog)
        dialog.running.show_standing(self.job.standing)
        dialog.show_page(dialog.running)

    def _follow(self, dialog: LearnDialog) -> None:
        """Tell of another job than before, or of the one that is still to be made."""
        job = self._followed = self._told_of()
        dialog.running.begin(self.job.reading if job is None else job.name, () if job is None else self.job.progress())
        dialog.running.show_left_out(() if job is None else self.job.left_out)

    def _told_of(self) -> Job | None:
        """None while the pictures of a new one are read, which takes the place of an earlier one only then."""
        return None if self.job.standing.phase is Phase.READING else self.job.job

    # --- what there is ---------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """What begins, and what there is to learn from: there may be another model by now, or more pictures done."""
        dialog, root, file = self._dialog, self._root, self._file
        if dialog is None or dialog.page is not dialog.setup or not root.parts:
            return
        start = self._start()
        dialog.setup.show_start(start)
        if dialog.setup.name() == self._suggested or refusal_of_name(dialog.setup.name()):
            self._suggested = free_name(start.name, root.name)
            dialog.setup.show_name(self._suggested)

        def seen(material: Material) -> None:
            if self._root == root:
                self._material = material
                dialog.setup.show_material(material)
                self._measure()

        def failed(reason: str) -> None:
            dialog.setup.show_refusal(reason)

        self._lane.submit(lambda token: look_at(root, file, self._saved, token), key="look", done=seen, failed=failed)

    def _model_replaced(self) -> None:
        if self._dialog is not None and self._dialog.isVisible():
            self._look()

    def _saved(self) -> Future[None]:
        return self._desk.keeper.lane.ask(lambda: None)

    def _parent(self) -> ModelCard:
        """The model in use on this machine. Raises `WeightsError`."""
        choice = self._desk.choice
        return find_card(self._desk.model.local.model) if choice.engine == REMOTE else self._desk.model.card()

    def _start(self) -> Start:
        try:
            card = self._parent()
        except ExpectedError as error:
            return Start(self._desk.choice.model, str(error))
        if card.file is None:
            return Start(
                card.name, f"The weights of {card.name} are not on this machine: fetch them, or choose another model."
            )
        if isinstance(card.network, ForeignGraph) or card.file.suffix.lower() == ".onnx":
            return Start(card.name, f"{card.name} cannot learn: its network is known as an ONNX graph only.")
        return Start(card.name, lineage=card.lineage, in_use=self._desk.choice.engine != REMOTE)

    def _order(self, dialog: LearnDialog) -> Order:
        """Raises `WeightsError`."""
        session = self._desk.session
        showing = Showing(
            mode=session.mode,
            threshold=session.threshold,
            class_thresholds=dict(session.class_thresholds),
            for_all=session.threshold_for_all,
            rest=session.rest,
        )
        return Order(
            root=self._root,
            file=self._file,
            parent=self._parent(),
            settings=dialog.setup.settings(),
            name=dialog.setup.name(),
            showing=showing,
            saved=self._saved,
        )

    def _measure(self) -> None:
        dialog, usable = self._dialog, len(self._material.names)
        if dialog is None or dialog.page is not dialog.setup or usable < MINIMUM_PICTURES or self._start().problem:
            return
        self.pace.measure(replace(self._order(dialog), name="measured"), pictures=usable)

    # --- running ---------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        dialog = self._made()
        self._desk.session.end_gesture()  # what is being painted is a correction like others
        self.pace.cancel()
        try:
            order = self._order(dialog)
        except ExpectedError as error:
            dialog.setup.show_refusal(str(error))
            return
        folder = job_folder(self._root)
        self.job.begin(
            lambda token, told: order.job(folder, token, told=told), name=order.name, left_out=order.left_out
        )
        self._show_running(dialog)

    def _remember(self) -> None:
        self.settings_changed.emit(to_remember(self._made().setup.settings()))

    def _show_sign(self) -> None:
        """In the status bar: how far it is; then that it has ended, until somebody looks at what came of it."""
        standing = self.job.standing
        share = min(standing.share, _ALMOST) if self.job.active else 1.0
        self.sign.show_progress(round(_SIGN * share), _SIGN)
        if self.job.active:
            what = "learning paused" if standing.phase is Phase.PAUSED else "learning"
            self.sign.show_text(f"{what}, %p %", tip=f"{stage_text(standing)}\nClick here to see more of it")
        elif self._unseen:
            what = "learning finished" if standing.phase is Phase.FINISHED else "learning stopped"
            self.sign.show_ended(what, tip="Click here to see what came of it")
        elif self._earlier is not None:
            what = "learning finished" if self._earlier.phase is Phase.FINISHED else "learning stopped"
            self.sign.show_ended(what, tip=f"{self._earlier.sentence}\nClick here to see more of it")

    def _remind(self, earlier: EarlierJob | None) -> None:
        """Of what stands still since an earlier day; what goes on, or ended today, comes before that."""
        is_busy = self.job.active or self._unseen or (self._dialog is not None and self._dialog.isVisible())
        self._earlier = None if is_busy else earlier
        self._show_sign()
        if self._earlier is not None:
            self.reminded.emit(self._earlier.sentence)

    def _ended(self) -> None:
        """Somebody who has closed the dialog has to be told for longer than a sentence is seen."""
        self._unseen = self._dialog is None or not self._dialog.isVisible()
        self._show_sign()

    def _show_standing(self) -> None:
        standing, dialog = self.job.standing, self._dialog
        self._show_sign()
        if dialog is None:
            return
        if self._followed is not self._told_of():
            self._follow(dialog)
        dialog.running.show_standing(standing)
        if dialog.page is dialog.running:
            dialog.show_page(dialog.running)  # Return may be for another button now
        if standing.phase is Phase.NOTHING and dialog.page is not dialog.setup:
            self._show_setup(dialog)

    def _stepped(self, told: StepTold) -> None:
        if self._dialog is not None:
            self._dialog.running.add(told)

    def _refused(self, reason: str) -> None:
        self._desk.said.emit(reason)
        self._ended()
        if self._dialog is not None:
            self._dialog.setup.show_refusal(reason)
            self._dialog.report.set_busy(busy=False)
            self._dialog.report.show_problem(reason)

    def _finished(self, report: LearnReport) -> None:
        judged = "it is recommended" if report.recommended else "it is not recommended"
        self._desk.said.emit(f"{report.name} has learned: {judged}. The report says why.")  # the status bar is narrow
        self._ended()
        if self._dialog is not None and self._dialog.isVisible():
            self._show_report(self._dialog, report)

    # --- deciding --------------------------------------------------------------------------------------------------

    def _use(self) -> None:
        self._keep(use_it=True)

    def _keep(self, *, use_it: bool) -> None:
        job = self.job.job
        if job is not None:
            self._kept_for[job.folder] = self._root, use_it
            self._made().report.set_busy(busy=True)
            self.job.keep()

    def _keep_anyway(self) -> None:
        report, dialog = self.job.report(), self._made()
        if report is None:
            return
        answer = choose(
            dialog,
            title="Not recommended",
            text=f"{report.verdict} Keep it all the same?",
            choices=("Keep and use it", "Only keep it"),
            cancel="Go back",
            default=-1,
        )
        if answer is not None:
            self._keep(use_it=answer == 0)

    def _kept(self, card: ModelCard, job: Job) -> None:
        root, use_it = self._kept_for.pop(job.folder)
        if self._dialog is not None and self._root == root:
            self._dialog.close()
        if use_it:
            self._refresh.expect(card.name, root)
            self._desk.use_here(replace(self._desk.model.local, model=card.name))
        else:
            self._desk.said.emit(f"{card.name} is among the models now; {self._desk.model.name} stays in use.")

    def _discard(self) -> None:
        report, dialog = self.job.report(), self._made()
        if report is not None and report.recommended:
            answer = choose(
                dialog,
                title="Discard the new model",
                text=f"{report.name} is kept nowhere else.",
                choices=("Discard it",),
                cancel="Go back",
                default=-1,
            )
            if answer is None:
                return
        self.job.discard()

    def is_idle(self) -> bool:
        """Whether nothing is counted, measured, read or learned."""
        return all(part.is_idle() for part in (self._lane, self.pace, self.job, self._earlier_jobs))

    def close(self) -> None:
        """The window closes: what is learned so far is kept, and the next start offers to go on."""
        self._lane.close(timeout=CLOSING_SECONDS)
        self.pace.close()
        self.job.close()
        self._earlier_jobs.close()
