"""The main window: it lays the parts out and wires them together; behaviour lives in the parts."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QSettings, QSize, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QVBoxLayout,
    QWidget,
)

from app.answering.model_in_use import EngineStatus, ModelChoice
from app.canvas.canvas import Canvas
from app.chrome.action_states import ActionStates
from app.chrome.actions import TOOL_ACTIONS, Act, make_actions
from app.chrome.dock_widths import DockWidths
from app.chrome.handlers import add_class_keys, make_handlers, pick_answer
from app.chrome.keys import WindowKeys
from app.chrome.menus import make_menus, make_toolbars
from app.chrome.status_bar import StatusBar
from app.closing import Closing
from app.core.document import Hover
from app.desk import Desk
from app.dialogs import show_not_listed
from app.editing.session import Session
from app.exporting.flow import ExportFlow
from app.importing.flow import ImportFlow
from app.keeping.autosave import Autosave
from app.learning.flow import LearnFlow
from app.listing.rows import FolderRows
from app.models.button import ModelButton
from app.models.flow import ModelFlow
from app.opening import Opening
from app.panels.choices_card import ChoicesCard
from app.panels.decided_key import DecidedKey
from app.panels.history_panel import HistoryPanel
from app.panels.icons import icon, set_class_styles
from app.panels.image_list import ImageList
from app.panels.legend import Legend
from app.panels.list_column import with_foot
from app.panels.opacity import OpacitySlider
from app.panels.plain import PlainDock
from app.panels.run_panel import RunPanel
from app.panels.style import UNIT
from app.panels.texts import hover_text
from app.panels.threshold import ThresholdPanel
from app.panels.tool_options import ToolOptions
from app.picture_work import PictureWork
from app.predicting.flow import RunFlow
from app.project_signs import ProjectSigns
from app.settings import Settings
from app.tools import make_tool
from app.tools.base import Tool
from app.workers.lane import stop_those_that_may_be_left

LAYOUT_VERSION = 1
FIRST_SIZE = QSize(1440, 900)  # device-independent pixels
FRAME = QSize(16, 48)  # what a window manager puts around a window


class MainWindow(QMainWindow):
    """Photos on the left, the canvas in the middle, threshold and legend on the right."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.session = Session(settings, self)
        self._hovered: Hover | None = None  # what the pointer is over
        self._put_away: dict[str, Tool] = {}  # tools that are not in hand but have begun something
        self.desk = Desk(self.session, ModelChoice.of(settings), self)
        self.canvas = Canvas(self.session)
        self.export_flow = ExportFlow(self.desk, self.session, self)
        self.import_flow = ImportFlow(self.desk, self.session, self)
        self.models = ModelFlow(self.desk, self)
        self._closing = Closing(self, self.session, self.desk.keeper, self.export_flow)
        self.project_signs = ProjectSigns(self, self.desk, self.canvas)
        self.setWindowTitle("ADE Mask Studio")
        self.setWindowIcon(icon("app-icon"))
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(False)
        self.setCentralWidget(self.canvas)
        self.actions_by_id = make_actions(self, make_handlers(self))
        for action in self.actions_by_id.values():
            self.addAction(action)
        ActionStates(self.actions_by_id, self.session, self.desk, self.canvas)
        self._make_panels()
        panels = [self._docks[name].toggleViewAction() for name in ("pictures", "legend")]
        panels.insert(1, self.actions_by_id[Act.HISTORY])
        recent = make_menus(self, self.actions_by_id, panels)
        signs, labels = self.canvas.signs, self.import_flow.offer
        self.opening = Opening(self, self.desk, menu=recent, welcome=signs.empty, settings=settings, labels=labels)
        self.model_button = ModelButton(self.desk, models=self.actions_by_id[Act.MODELS], show_model=self.models.show)
        self.opacity = OpacitySlider(self.session)
        self.picture_work = PictureWork(self)
        make_toolbars(
            self, self.actions_by_id, options=self.tool_options, opacity=self.opacity, model=self.model_button
        )
        self._make_status_bar()
        self._wire()
        self._restore()
        self.use_tool(settings.tool if settings.tool in TOOL_ACTIONS else "relabel")
        self._document_changed()
        self.canvas.setFocus()
        self._autosave = Autosave(self._remembered, self)

    # --- layout ----------------------------------------------------------------------------------------------------

    def _make_panels(self) -> None:
        self.image_list = ImageList(self.desk.folder)
        self.run_panel = RunPanel()
        self.run_flow = RunFlow(self.desk, self.run_panel, self)
        self.learn = LearnFlow(self.desk, self.run_flow, self, settings=lambda: self.settings)
        self.threshold_panel = ThresholdPanel(self.session)
        self.legend = Legend(self.session)
        self.legend.set_model(self.desk.model.name)
        self.tool_options = ToolOptions(self.session)
        self.choices_card = ChoicesCard(self.canvas)
        self.decided_key = DecidedKey(self.session, self.canvas)
        right = QWidget()
        layout = QVBoxLayout(right)
        layout.setContentsMargins(0, 0, 0, 0)
        right.setMinimumWidth(33 * UNIT)
        layout.setSpacing(UNIT)
        layout.addWidget(self.threshold_panel)
        layout.addWidget(self.legend, 1)
        self._docks = {
            "pictures": self._dock(
                "Pictures", with_foot(self.image_list, self.run_panel), Qt.DockWidgetArea.LeftDockWidgetArea
            ),
            "history": self._dock("History", HistoryPanel(self.session), Qt.DockWidgetArea.LeftDockWidgetArea),
            "legend": self._dock("Labels", right, Qt.DockWidgetArea.RightDockWidgetArea),
        }
        self._dock_widths = DockWidths(self, dict(zip(self._docks.values(), (232, 232, 320), strict=True)))

    def _dock(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = PlainDock(title, self)
        dock.setObjectName(f"dock-{title.lower()}")
        dock.setWidget(widget)
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        self.addDockWidget(area, dock)
        return dock

    def _make_status_bar(self) -> None:
        self.status = StatusBar()
        self.setStatusBar(self.status)
        self.status.cancel_requested.connect(self.export_flow.cancel)
        self.learn.reminded.connect(self.status.add)
        for sign in (self.import_flow.sign, self.learn.sign, self.project_signs.button):
            self.status.addPermanentWidget(sign)

    # --- wiring ----------------------------------------------------------------------------------------------------

    def _wire(self) -> None:
        desk, session, canvas = self.desk, self.session, self.canvas
        desk.current_changed.connect(self.image_list.select)
        desk.thumbnails.ready.connect(self.image_list.set_thumbnail)
        desk.busy_changed.connect(lambda text: canvas.set_busy(text or None))
        desk.problem_changed.connect(self._problem_changed)
        desk.engine_changed.connect(self._engine_changed)
        desk.said.connect(self.say)
        desk.listing.complained.connect(self.status.add)
        desk.listing.not_listed.connect(self.image_list.show_not_listed)
        self.image_list.reasons_asked.connect(lambda reasons: show_not_listed(reasons, parent=self))
        session.said.connect(lambda sentence: self.status.say(sentence, passing=True))
        canvas.pressed.connect(self._pressed)
        self._closing.said.connect(self.say)
        session.previous_path = self.image_list.previous_path
        history, shows = self._docks["history"], self.actions_by_id[Act.HISTORY]
        # Not its own "toggled on": that says no while the window is minimised or hidden, and the panel would be gone.
        history.toggleViewAction().toggled.connect(lambda _seen: shows.setChecked(not history.isHidden()))
        session.document_changed.connect(self._document_changed)
        session.document_changed.connect(self._forget_tools)
        session.prediction_changed.connect(self._document_changed)
        session.corrected.connect(lambda _path: self._document_changed())
        session.under_way_changed.connect(lambda _path: self._update_title())
        session.styling.changed.connect(lambda: set_class_styles(session.styling.styles))
        set_class_styles(session.styling.styles)
        self.image_list.activated.connect(desk.show)
        self.run_flow.started.connect(self._docks["pictures"].show)
        self.image_list.thumbnail_wanted.connect(desk.thumbnails.request)
        self.image_list.view.ratio_changed.connect(desk.thumbnails.show_at)
        self.legend.class_chosen.connect(session.set_current_class)
        canvas.hovered.connect(self._show_hover)
        canvas.zoom_changed.connect(self.status.show_zoom)
        compared = canvas.comparing
        compared.changed.connect(lambda: self.decided_key.set_aside(aside=compared.seen is not None))
        canvas.cancel_requested.connect(self.cancel)
        self.legend.set_sort(self.settings.legend_sort)
        self.tool_options.accepted.connect(canvas.accept)
        self.tool_options.cancelled.connect(canvas.cancel_gesture)
        self.choices_card.picked.connect(lambda steps: pick_answer(canvas, steps))
        session.tool_changed.connect(lambda: self.choices_card.show_choices(canvas.choices()))
        session.tool_changed.connect(lambda: self._show_hover(self._hovered))
        self.export_flow.progress.connect(self.status.show_progress)
        self.export_flow.said.connect(self.say)
        for flow in (self.export_flow, self.learn):
            flow.settings_changed.connect(self._remember_choices)
        add_class_keys(self)
        self._keys = WindowKeys(self, canvas)
        self.application().installEventFilter(self._keys)

    @staticmethod
    def application() -> QApplication:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        return application

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.actions_by_id[Act.FULL_SCREEN].setChecked(self.isFullScreen())

    def set_full_screen(self, *, on: bool) -> None:
        """Fill the screen, or go back to what the window was before, maximised or not."""
        if on != self.isFullScreen():
            self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    # --- opening ---------------------------------------------------------------------------------------------------

    def go_to(self, path: Path | None) -> None:
        """Show another picture of the list; at its ends there is none."""
        if path is not None:
            self.desk.show(path)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.canvas.set_drop_active(active=True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.canvas.set_drop_active(active=False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.canvas.set_drop_active(active=False)
        event.acceptProposedAction()
        self.opening.open_dropped(event.mimeData())

    # --- tools and classes -----------------------------------------------------------------------------------------

    def use_tool(self, tool: str) -> None:
        """Take a tool in hand by its id."""
        action = self.actions_by_id[TOOL_ACTIONS[tool]]
        if not action.isChecked():
            action.setChecked(True)  # which comes back here
            return
        self.status.end_passing()
        last, made = self.canvas.tool, self._put_away.pop(tool, None) or make_tool(tool, self.session)
        self.canvas.set_tool(made)
        if last is not None and last is not made and last.pending():
            self._put_away[last.id] = last
        self.tool_options.set_tool(made)
        self.settings = replace(self.settings, tool=tool)

    def _forget_tools(self) -> None:
        """What tools that are not in hand have begun belongs to the picture that was shown."""
        for tool in self._put_away.values():
            tool.forget()
        self._put_away.clear()

    def search_legend(self) -> None:
        self._docks["legend"].show()
        self.legend.focus_search()

    def show_history(self, *, on: bool) -> None:
        """The list of steps, with the keyboard in it; without it the picture has the keyboard again."""
        dock = self._docks["history"]
        if on == dock.isHidden():
            dock.setVisible(on)
            self._share_left_side()
            (dock.widget() if on else self.canvas).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _share_left_side(self) -> None:
        """Qt gives a panel that appears the least it can do with; a history has more to say than that."""
        layout, pictures, history = self.layout(), self._docks["pictures"], self._docks["history"]
        if layout is not None:
            layout.activate()
        if history.height() < self.height() * 0.3:
            self.resizeDocks([pictures, history], [3, 2], Qt.Orientation.Vertical)

    def filter_pictures(self) -> None:
        self._docks["pictures"].show()
        self.image_list.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.image_list.filter.selectAll()

    def cancel(self) -> None:
        """Escape: the gesture under the hand, else the prediction, else solo. The picture has the keyboard again."""
        self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        if self.canvas.cancel_gesture() or self.session.cancel_edit() or self.desk.cancel():
            return
        if self.session.overlay.solo:
            self.session.set_overlay(solo=frozenset())

    # --- export and closing ----------------------------------------------------------------------------------------

    def export_current(self) -> None:
        if self.session.document is not None:
            self.export_flow.ask([self.session.document.path], self.settings)

    def export_all(self) -> None:
        if len(self.desk.folder):
            self.export_flow.ask(FolderRows.of(self.desk.folder), self.settings)

    def _remember_choices(self, changes: dict[str, object]) -> None:
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]

    def closeEvent(self, event: QCloseEvent) -> None:
        self.run_flow.stop()  # without a question: the next start goes on with it
        if not self._closing.may_close(self.settings):
            event.ignore()
            return
        self._save()
        self.project_signs.settle()
        self.export_flow.cancel(quiet=True)
        self.hide()  # a running engine call is waited for, but not by the user
        for flow in (self.import_flow, self.learn, self.run_flow):
            flow.close()
        stop_those_that_may_be_left(self)
        self.models.close()
        self.desk.close()
        self.application().removeEventFilter(self._keys)
        event.accept()

    # --- following the state ---------------------------------------------------------------------------------------

    def say(self, sentence: str) -> None:
        self.status.say(sentence)

    def _show_hover(self, hover: Hover | None) -> None:
        self._hovered, tool = hover, self.canvas.tool
        own_answers = tool is not None and tool.choices() is not None
        self.status.show_hover("" if hover is None else hover_text(hover, own_answers=own_answers))

    def _pressed(self) -> None:
        """A press on the picture: what was said of the last one is over."""
        self.status.end_passing()
        if self.session.document is None and not self.desk.listing.looking:
            key = self.actions_by_id[Act.OPEN].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            self.status.say(f"Open photos first: drop them here, or press {key}.", passing=True)

    def _problem_changed(self, reason: str) -> None:
        self.canvas.set_problem(reason or None)
        current = self.desk.current
        self.legend.set_unreadable(unreadable=current is not None and bool(self.desk.folder.problem(current)))

    def _document_changed(self) -> None:
        self._update_title()
        self.choices_card.show_choices(self.canvas.choices())
        self.status.show_seconds(self.desk.seconds(self.session.document))
        if self.canvas.viewport is None:
            self.status.show_zoom(None)

    def _update_title(self) -> None:
        document = self.session.document
        if document is None:
            self.setWindowTitle("ADE Mask Studio")
            return
        self.setWindowTitle(f"{document.path.name}[*] – ADE Mask Studio")
        self.setWindowModified(self.session.is_unexported(document.path))

    def _engine_changed(self, status: EngineStatus) -> None:
        choice = self.desk.choice
        self.settings = replace(self.settings, **asdict(choice))
        self.legend.set_model(status.model)
        self.status.show_engine(status.engine, status.device, reason=status.reason)

    # --- remembering -----------------------------------------------------------------------------------------------

    def _geometry_store(self) -> QSettings:
        return QSettings("ade-mask-studio", "window")

    def _restore(self) -> None:
        self.resize(FIRST_SIZE.boundedTo(self.screen().availableSize() - FRAME))
        self._docks["history"].hide()  # until it is asked for
        store = self._geometry_store()
        geometry, state = store.value("geometry"), store.value("state")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        if isinstance(state, QByteArray):
            self.restoreState(state, LAYOUT_VERSION)
        self._dock_widths.restore(store.value("widths"))

    def _save(self) -> None:
        store = self._geometry_store()
        store.setValue("geometry", self.saveGeometry())
        store.setValue("state", self.saveState(LAYOUT_VERSION))
        store.setValue("widths", self._dock_widths.remembered())
        self._autosave.save()

    def _remembered(self) -> Settings:
        """What the next start is to find, as it is now."""
        remembered = self.opening.remembered(self.session.remembered(self.settings))
        return replace(remembered, legend_sort=self.legend.sort, picture_grid=self.image_list.view.is_grid())
