"""The menus of the legend: what can be done with one class, and how the rows are sorted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QIcon, QKeySequence
from PySide6.QtWidgets import QMenu

from app.core.document import ViewMode
from app.core.rules import Where
from app.panels.class_texts import class_name
from app.panels.icons import icon, swatch_icon
from app.panels.legend_model import SORT_TEXTS
from app.panels.legend_order import SortKey

if TYPE_CHECKING:
    from app.editing.session import Session
    from app.panels.legend import Legend


def class_menu(legend: Legend, session: Session, class_id: int) -> QMenu:
    """What can be done with one class, with the keys that do the same in the legend."""
    menu, name = QMenu(legend), class_name(class_id)
    _add(
        menu, f"Paint with {name}", lambda: legend.class_chosen.emit(class_id), key="Shift+Return",
        image=swatch_icon(class_id),
    )  # fmt: skip
    menu.addSeparator()
    _add_showing(menu, legend, session, class_id)
    menu.addSeparator()
    locked = session.rule.locked
    text, image = (f"Unlock {name}", "unlock") if class_id in locked else (f"Lock {name}", "lock")
    _add(menu, text, lambda: legend.toggle_locked(class_id), key="L", image=icon(image))
    if locked - {class_id}:
        _add(menu, "Unlock all classes", lambda: session.set_rule(locked=frozenset()))
    _add_rule(menu, session, class_id)
    if class_id:
        _add_threshold(menu, legend, session, class_id)
        starred = class_id in session.favourites
        text = f"Take {name} from the favourites" if starred else f"Add {name} to the favourites"
        _add(menu, text, lambda: legend.toggle_favourite(class_id), key="S", image=icon("star"))
    menu.addSeparator()
    menu.addMenu(sort_menu(legend))
    return menu


def sort_menu(legend: Legend) -> QMenu:
    """By what the rows are sorted, and which way round."""
    menu, order = QMenu("Sort by", legend), legend.model.order
    keys = QActionGroup(menu)
    for key in SortKey:
        action = _add(menu, SORT_TEXTS[key], partial(legend.sort_by, key))
        action.setCheckable(True)
        action.setChecked(key is order.key)
        keys.addAction(action)
    menu.addSeparator()
    turned = _add(menu, "Reversed", lambda: legend.sort_by(order.key))
    turned.setCheckable(True)
    turned.setChecked(order.backwards)
    return menu


def _add_showing(menu: QMenu, legend: Legend, session: Session, class_id: int) -> None:
    name, overlay = class_name(class_id), session.overlay
    alone = "End solo" if overlay.solo == {class_id} else f"Show only {name}"
    _add(menu, alone, lambda: legend.toggle_solo(class_id), key="Return")
    text, image = (f"Show {name}", "eye") if legend.model.is_hidden(class_id) else (f"Hide {name}", "eye-off")
    _add(menu, text, lambda: legend.toggle_hidden(class_id), key="Space", image=icon(image))
    if overlay.hidden or overlay.solo:
        _add(menu, "Show all classes", legend.show_all.click)


def _add_rule(menu: QMenu, session: Session, class_id: int) -> None:
    """Limit paint to the class while another one is in hand, or end that."""
    rule = session.rule
    limited = rule.where is Where.CLASS and rule.class_id == class_id
    text, where = (
        ("Paint anywhere", Where.ANYWHERE) if limited else (f"Paint only over {class_name(class_id)}", Where.CLASS)
    )
    _add(menu, text, lambda: session.set_rule(where=where, class_id=class_id))


def _add_threshold(menu: QMenu, legend: Legend, session: Session, class_id: int) -> None:
    segments = session.mode is ViewMode.SEGMENTS
    text = "Own threshold…" if segments else "Own threshold… (in the segments view)"
    own = _add(menu, text, lambda: legend.open_threshold(class_id), key="T", image=icon("threshold"))
    own.setEnabled(segments and session.document is not None)
    if class_id in session.class_thresholds:
        _add(menu, "Use the picture's threshold", lambda: session.set_class_threshold(class_id, None))
    if set(session.class_thresholds) - {class_id}:
        _add(menu, "Use the picture's threshold for every class", legend.drop_thresholds)


def _add(menu: QMenu, text: str, do: Callable[[], object], *, key: str = "", image: QIcon | None = None) -> QAction:
    action = menu.addAction(text)
    if image is not None:
        action.setIcon(image)
    if key:
        action.setShortcut(QKeySequence(key))
    action.triggered.connect(lambda _checked=False: do())
    return action
