"""The legend: which classes the picture has, how much of each, how sure and how trustworthy; what is shown of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QPalette
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from app.core.document import ViewMode
from app.panels.class_texts import class_name
from app.panels.elided_label import ElidedLabel
from app.panels.icons import icon, swatch_icon
from app.panels.legend_model import LegendModel
from app.panels.legend_view import LegendView
from app.panels.search_field import SearchField
from app.panels.style import HALF, UNIT

if TYPE_CHECKING:
    from app.session import Session

REFRESH_MS = 60
NOTHING_OPEN = "The classes of the picture appear here."
NO_MASKS = "No labels yet."
UNREADABLE = "This picture cannot be read."


class Legend(QWidget):
    """Search field, table of classes, and one line that says what is hidden or solo.

    It changes what is hidden and solo itself, and reports the class that was chosen to paint with.
    """

    class_chosen = Signal(int)  # 0..150

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._solo_before: frozenset[int] = frozenset()
        self._unreadable = False
        self.search = SearchField("Search 150 classes", self)
        self.search.setToolTip("Name, synonym or number; Enter paints with the first one found")
        self.model = LegendModel(self)
        self.view = LegendView(self.model, self)
        self.state = ElidedLabel("", self)
        self.state.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.show_all = QToolButton(self, autoRaise=True)
        self.show_all.setText("Show all")
        self.show_all.setToolTip("End solo and show every hidden class")
        self.show_all.setAccessibleName("Show all classes")
        self._refresh = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._build()
        self._connect()
        self.model.set_current_class(session.current_class)
        self._tables_changed()

    def focus_search(self) -> None:
        """Put the cursor into the search field, its text selected."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def set_unreadable(self, *, unreadable: bool) -> None:
        """Whether the picture's photo cannot be had: then no labels are to be waited for."""
        if unreadable != self._unreadable:
            self._unreadable = unreadable
            self._say_state()

    def _build(self) -> None:
        policy = self.show_all.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.show_all.setSizePolicy(policy)
        top = QHBoxLayout()
        top.setContentsMargins(UNIT, UNIT, UNIT, UNIT)
        top.addWidget(self.search)
        foot = QHBoxLayout()
        foot.setContentsMargins(UNIT, HALF, HALF, HALF)
        foot.setSpacing(UNIT)
        foot.addWidget(self.state, 1)
        foot.addWidget(self.show_all)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.view, 1)
        column.addLayout(foot)
        self.setFocusProxy(self.search)

    def _connect(self) -> None:
        session, view = self._session, self.view
        session.document_changed.connect(self._show_picture)
        session.prediction_changed.connect(self._show_picture)
        session.tables_changed.connect(self._tables_changed)
        session.pixels_changed.connect(self._pixels_changed)
        session.current_class_changed.connect(self.model.set_current_class)
        self._refresh.timeout.connect(self._show_picture)
        self.search.textChanged.connect(self._search)
        self.search.accepted.connect(self._take_first)
        self.search.moved.connect(self._into_list)
        view.eye_clicked.connect(self.toggle_hidden)
        view.solo_clicked.connect(self._solo_clicked)
        view.solo_undone.connect(lambda: session.set_overlay(solo=self._solo_before))
        view.picked.connect(self.class_chosen)
        view.menu_wanted.connect(self._show_menu)
        self.show_all.clicked.connect(lambda: session.set_overlay(hidden=frozenset(), solo=frozenset()))

    # --- what the session says -------------------------------------------------------------------------------------

    def _pixels_changed(self, _box: object) -> None:
        if not self._refresh.isActive():
            self._refresh.start()

    def _tables_changed(self) -> None:
        self.model.set_overlay(self._session.overlay)
        self._show_picture()

    def _show_picture(self) -> None:
        document = self._session.document
        if document is None or (document.layer_mode is None and not document.has_corrections):
            self.model.set_no_picture()
        else:
            self.model.set_semantic(semantic=document.layer_mode is ViewMode.SEMANTIC)
            self.model.set_picture(document.areas(), document.best_scores())
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
            text = f"Only {', '.join(class_name(class_id) for class_id in sorted(overlay.solo))}"
        else:
            count = self.model.present_count()
            parts = [f"{count} {'class' if count == 1 else 'classes'}"] if self.model.has_picture() else []
            if parts and not count and document is not None and document.layer_mode is ViewMode.SEGMENTS:
                parts = [f"No score above {document.threshold:.2f}: lower the threshold"]
            parts += [f"{len(overlay.hidden)} hidden"] if overlay.hidden else []
            text = " · ".join(parts)
        self.state.setText(text)

    # --- what the user does ----------------------------------------------------------------------------------------

    def toggle_hidden(self, class_id: int) -> None:
        """Close or open the eye of a class."""
        self._session.set_overlay(hidden=self._session.overlay.hidden ^ {class_id})

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

    def _show_menu(self, class_id: int, place: QPoint) -> None:
        menu = self.make_menu(class_id)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def make_menu(self, class_id: int) -> QMenu:
        """What can be done with one class."""
        session, menu = self._session, QMenu(self)
        name = class_name(class_id)
        paint = menu.addAction(swatch_icon(class_id), f"Paint with {name}")
        paint.setShortcut(QKeySequence("Shift+Return"))
        paint.triggered.connect(lambda: self.class_chosen.emit(class_id))
        menu.addSeparator()
        solo = menu.addAction("End solo" if session.overlay.solo == {class_id} else f"Show only {name}")
        solo.setShortcut(QKeySequence(Qt.Key.Key_Return))
        solo.triggered.connect(lambda: self.toggle_solo(class_id))
        hidden = class_id in session.overlay.hidden
        eye = menu.addAction(icon("eye" if hidden else "eye-off"), f"{'Show' if hidden else 'Hide'} {name}")
        eye.setShortcut(QKeySequence(Qt.Key.Key_Space))
        eye.triggered.connect(lambda: self.toggle_hidden(class_id))
        if session.overlay.hidden or session.overlay.solo:
            menu.addAction("Show all classes").triggered.connect(self.show_all.click)
        return menu
