"""The legend: which classes the picture has, how much of each, how sure and how trustworthy; what is shown of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QMenu, QWidget

from app.core.document import ViewMode
from app.panels.class_texts import class_name
from app.panels.legend_foot import LegendFoot
from app.panels.legend_menu import class_menu, sort_menu
from app.panels.legend_model import SORTS, LegendModel
from app.panels.legend_order import Figures, LegendSort, Marks, SortKey
from app.panels.legend_threshold import ClassThreshold
from app.panels.legend_view import LegendView
from app.panels.list_column import fill_column
from app.panels.search_field import SearchField
from app.panels.style import UNIT

if TYPE_CHECKING:
    from app.editing.session import Session

REFRESH_MS = 100  # numbers that change more often cannot be read
NOTHING_OPEN = "The classes of the picture appear here."
NO_MASKS = "No labels yet."
UNREADABLE = "This picture cannot be read."


class Legend(QWidget):
    """Search field, table of classes, and a foot that says what is hidden, solo or limited.

    It changes what is hidden, solo, locked, a favourite or has a threshold of its own itself, and reports the class
    that was chosen to paint with.
    """

    class_chosen = Signal(int)  # 0..150
    sort_changed = Signal(str)  # the order of the rows, to be remembered

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._solo_before: frozenset[int] = frozenset()
        self._unreadable = False
        self._model_in_use = ""
        self._drawing = False  # pixels changed that are no step of the history yet
        self.search = SearchField("Search 150 classes", self)
        self.search.setToolTip("Name, synonym or number; Enter paints with the first one found")
        self.model = LegendModel(self)
        self.view = LegendView(self.model, self)
        self.foot = LegendFoot(self)
        self.state, self.show_all = self.foot.state, self.foot.show_all
        self._refresh = QTimer(self, singleShot=True, interval=REFRESH_MS)
        fill_column(self, search=self.search, view=self.view, foot=self.foot)
        self.setFocusProxy(self.search)
        self._connect()
        self.model.set_current_class(session.current_class)
        self._tables_changed()

    def focus_search(self) -> None:
        """Put the cursor into the search field, its text selected."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    @property
    def sort(self) -> str:
        """The order of the rows, as "area" or "-name"; the minus turns it round."""
        return str(self.model.order)

    def set_sort(self, text: str) -> None:
        """Order the rows as `sort` once said; by area when `text` says nothing of the kind."""
        self.model.set_order(LegendSort.parse(text))

    def set_model(self, name: str) -> None:
        """The model in use: its published figures are shown, but of a picture that has the answer of another."""
        self._model_in_use = name
        self._show_accuracies()

    def _show_accuracies(self) -> None:
        document = self._session.document
        answered = None if document is None or document.prediction is None else document.model
        self.model.set_model(answered or self._model_in_use)

    def set_unreadable(self, *, unreadable: bool) -> None:
        """Whether the picture's photo cannot be had: then no labels are to be waited for."""
        if unreadable != self._unreadable:
            self._unreadable = unreadable
            self._say_state()

    def _connect(self) -> None:
        session, view = self._session, self.view
        session.document_changed.connect(self._show_picture)
        session.prediction_changed.connect(self._show_picture)
        session.tables_changed.connect(self._tables_changed)
        session.pixels_changed.connect(self._pixels_changed)
        session.corrected.connect(self._corrected)
        session.rule_changed.connect(self._marks_changed)
        session.favourites_changed.connect(self._marks_changed)
        session.current_class_changed.connect(self.model.set_current_class)
        self._refresh.timeout.connect(self._show_picture)
        self.search.textChanged.connect(self._search)
        self.search.accepted.connect(self._take_first)
        self.search.moved.connect(self._into_list)
        view.eye_clicked.connect(self.toggle_hidden)
        view.solo_clicked.connect(self._solo_clicked)
        view.solo_undone.connect(lambda: session.set_overlay(solo=self._solo_before))
        view.picked.connect(self.class_chosen)
        view.lock_clicked.connect(self.toggle_locked)
        view.star_wanted.connect(self.toggle_favourite)
        view.threshold_wanted.connect(self.open_threshold)
        view.menu_wanted.connect(lambda class_id, place: self._open(self.make_menu(class_id), place))
        view.heads.menu_wanted.connect(lambda place: self._open(sort_menu(self), place))
        view.heads.sort_clicked.connect(lambda column: self.sort_by(SORTS[column]))
        self.show_all.clicked.connect(lambda: session.set_overlay(hidden=frozenset(), solo=frozenset()))
        self.foot.reset.clicked.connect(self.drop_thresholds)
        self.foot.put_back.clicked.connect(self.put_thresholds_back)

    # --- what the session says -------------------------------------------------------------------------------------

    def _pixels_changed(self, _box: object) -> None:
        self._drawing = True
        if not self._refresh.isActive():
            self._refresh.start()

    def _corrected(self, _path: object) -> None:
        self._drawing = False
        if not self._refresh.isActive():
            self._refresh.start()

    def _tables_changed(self) -> None:
        self._mark()
        self._show_picture()

    def _marks_changed(self) -> None:
        self._mark()
        self._say_state()

    def _mark(self) -> None:
        session = self._session
        self.model.set_marks(
            Marks(
                hidden=session.overlay.hidden,
                solo=session.overlay.solo,
                locked=session.rule.locked,
                favourites=frozenset(session.favourites),
                thresholds=session.class_thresholds,
            )
        )

    def _show_picture(self) -> None:
        document = self._session.document
        self._show_accuracies()
        if document is None or (document.layer_mode is None and not document.has_corrections):
            self.model.set_no_picture(paintable=document is not None and document.segment_map is not None)
        else:
            self.model.set_semantic(semantic=document.layer_mode is ViewMode.SEMANTIC)
            figures = Figures(document.areas(), document.best_scores())
            self.model.set_picture(figures, drawing=self._drawing)
        self._say_state()

    def _nothing(self) -> str:
        """Why no class is listed."""
        document = self._session.document
        if document is None:
            return NOTHING_OPEN
        return UNREADABLE if self._unreadable and document.photo is None else NO_MASKS

    def _say_state(self) -> None:
        overlay, document = self._session.overlay, self._session.document
        query = self.search.text().strip()
        self.view.set_empty_text(f"No class matches “{query}”." if query else self._nothing())
        self.show_all.setVisible(bool(overlay.hidden or overlay.solo))
        if query:
            text = f"{self.model.rowCount()} of 150 classes match"
        elif overlay.solo:
            text = self._alone()
        else:
            count, listed = self.model.present_count(), self.model.rowCount() > 0
            parts = [f"{count} {'class' if count == 1 else 'classes'}"] if self.model.has_picture() else []
            if parts and not count and document is not None and document.layer_mode is ViewMode.SEGMENTS:
                parts = [f"No score above {document.threshold:.2f}: lower the threshold"]
            elif not parts and listed:
                parts = [self._nothing()]
            text = " · ".join([*parts, *self._counted_marks()])
        self.state.setText(text)
        self.foot.show_thresholds({} if self._session.mode is ViewMode.SEMANTIC else self._session.class_thresholds)

    def _alone(self) -> str:
        return f"Only {', '.join(class_name(class_id) for class_id in sorted(self._session.overlay.solo))}"

    def _counted_marks(self) -> list[str]:
        session = self._session
        counts = {"hidden": len(session.overlay.hidden), "locked": len(session.rule.locked)}
        return [f"{count} {what}" for what, count in counts.items() if count]

    # --- what the user does ----------------------------------------------------------------------------------------

    def toggle_hidden(self, class_id: int) -> None:
        """Close or open the eye of a class. One that is shown alone is hidden by that and no longer solo."""
        session, overlay = self._session, self._session.overlay
        if class_id not in overlay.solo:
            session.set_overlay(hidden=overlay.hidden ^ {class_id})
            if overlay.solo:
                later = "shown" if class_id in overlay.hidden else "hidden"
                session.said.emit(f"{self._alone()}; {class_name(class_id)} will be {later} when solo ends.")
            return
        session.set_overlay(hidden=overlay.hidden | {class_id}, solo=overlay.solo - {class_id})
        if overlay.solo == {class_id}:
            session.said.emit(f"Solo has ended: {class_name(class_id)} is hidden, the other classes are shown again.")

    def toggle_solo(self, class_id: int, *, add: bool = False) -> None:
        """Show only this class, or end that; with `add` put it to the ones shown alone, or take it away."""
        solo = self._session.overlay.solo
        alone = frozenset({class_id})
        ended = frozenset[int]() if solo == alone else alone
        self._session.set_overlay(solo=solo ^ alone if add else ended)

    def _solo_clicked(self, class_id: int, add: bool) -> None:  # noqa: FBT001 - a Qt signal's argument
        self._solo_before = self._session.overlay.solo
        if self.model.is_present(class_id) or self.model.is_solo(class_id):
            self.toggle_solo(class_id, add=add)

    def _search(self, query: str) -> None:
        self.model.set_query(query)
        self.view.scrollToTop()
        self._say_state()

    def _take_first(self) -> None:
        if self.search.text().strip() and self.model.rowCount():
            self.class_chosen.emit(self.model.class_at(self.model.index(0, 0)))
            self.search.clear()

    def _into_list(self) -> None:
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        if self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(0, 0))

    def toggle_locked(self, class_id: int) -> None:
        """Keep paint away from a class, or no longer."""
        self._session.set_rule(locked=self._session.rule.locked ^ {class_id})

    def toggle_favourite(self, class_id: int) -> None:
        """Keep a class 1..150 listed at the top, or no longer; unlabelled is always listed."""
        if class_id:
            self._session.set_favourite(class_id, on=class_id not in self._session.favourites)
            self.view.scrollTo(self.view.currentIndex())

    def sort_by(self, key: SortKey) -> None:
        """Sort the rows; by what they are sorted by already, the other way round."""
        self.model.set_order(self.model.order.chosen(key))
        self.view.scrollTo(self.view.currentIndex())
        self.sort_changed.emit(self.sort)

    def open_threshold(self, class_id: int) -> None:
        """Open the popup for the threshold of a class 1..150. The semantic view has no thresholds."""
        session = self._session
        if not class_id or session.document is None:
            return
        if session.mode is ViewMode.SEMANTIC:
            session.said.emit("The semantic view has no thresholds.")
            return
        popup, view = ClassThreshold(session, class_id, self), self.view
        row = view.visualRect(self.model.index(max(0, self.model.row_of(class_id)), 0))
        popup.open_at(view.viewport().mapToGlobal(row.bottomLeft() + QPoint(UNIT, 2)), self)

    def drop_thresholds(self) -> None:
        """Every class uses the picture's threshold again; its own can be put back."""
        before = dict(self._session.class_thresholds)
        for class_id in before:
            self._session.set_class_threshold(class_id, None)
        self.foot.offer_back(before)
        self._session.said.emit("Every class uses the picture's threshold again.")

    def put_thresholds_back(self) -> None:
        """The thresholds that were reset last are those of their classes again."""
        for class_id, limit in dict(self.foot.dropped).items():
            self._session.set_class_threshold(class_id, limit)
        self._session.said.emit("The classes have their own thresholds again.")

    def _open(self, menu: QMenu, place: QPoint) -> None:
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def make_menu(self, class_id: int) -> QMenu:
        """What can be done with one class."""
        return class_menu(self, self._session, class_id)
