"""What the tools that work on what is there have in common: what a click means, said before and painted after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.segment_map import human_value
from app.core.spans import Spans
from app.core.targets import Scope, Target, target_at
from app.tools.base import Pointer, Tool, class_name
from app.tools.options import Choice

if TYPE_CHECKING:
    from app.editing.session import Session

_MIXED_AT_ONCE = 100  # tiles of which only a part is painted, at most half a millisecond each
_TEXTS = {
    Scope.SEGMENT: "Whole segment",
    Scope.REGION: "Connected region",
    Scope.CLASS: "All of its class",
}


def scope_option(*scopes: Scope) -> Choice:
    """How much a click takes; the first is the default."""
    return Choice(
        "scope",
        "Takes",
        tuple((scope.value, _TEXTS[scope]) for scope in scopes),
        tip="Whole segment: every pixel of one answer of the network · connected region: as far as one class goes · "
        "all of its class: everywhere in the picture",
    )


def aim(session: Session, pixel: tuple[int, int], scope: Scope) -> Target | None:
    """What `scope` means at a pixel (x, y) of the picture on screen; None where there is no picture."""
    document = session.document
    if document is None or document.segment_map is None:
        return None
    return target_at(document.segment_map.as_it_is(), document.label_table(), *pixel, scope)


def describe(session: Session, pixel: tuple[int, int], scope: Scope) -> str:
    """The same in words, as in "… becomes sky"; empty where there is no picture."""
    document = session.document
    hover = None if document is None else document.describe(*pixel)
    if hover is None:
        return ""
    if scope is Scope.SEGMENT and hover.score is not None:
        hidden = "hidden " if hover.below else ""
        return f"this {hidden}segment of {class_name(hover.below or hover.class_id)}"
    if scope is Scope.CLASS:
        return f"all {class_name(hover.class_id)}" if hover.class_id else "everything unlabelled"
    return f"this region of {class_name(hover.class_id)}" if hover.class_id else "this unlabelled region"


def is_kept(session: Session, pixel: tuple[int, int], scope: Scope) -> bool:
    """Whether the rule keeps all of it as it is."""
    document = session.document
    if document is None or document.segment_map is None or not document.segment_map.box.contains(*pixel):
        return False
    labels, code = document.label_table(), document.segment_map.code_at(*pixel)
    writable = session.rule.writable(labels)
    if writable is None:
        return False
    return not (writable[code] if scope is Scope.SEGMENT else writable[labels == labels[code]].any())


def paint_target(
    session: Session, target: Target, class_id: int, *, text: str, unchanged: str, within: Spans | None = None
) -> bool:
    """Make a target, or what of it lies `within` a line, one class, 0 for unlabelled, as one undo step.

    False when nothing changes by that; in the background that turns out later.
    """
    value = human_value(class_id)
    reach = target.reach  # of what is connected only a search tells how far it goes: as slow as for all of it
    if within is not None and target.seed is None:
        reach = reach.intersect(within.box)
    return session.edit(
        text,
        lambda _check: ((*part, value) for part in target.parts(within=within)),
        reach=reach,
        slow=target.mixed > _MIXED_AT_ONCE,
        unchanged=unchanged,
    )


def own_class(session: Session, pixel: tuple[int, int], scope: Scope) -> int | None:
    """The class that it has already, also where the threshold hides it; 0 is unlabelled, None where nothing is."""
    document = session.document
    hover = None if document is None else document.describe(*pixel)
    if hover is None:
        return None
    if scope is Scope.SEGMENT:
        return None if not hover.code else hover.below or hover.class_id
    return hover.class_id


class AimedTool(Tool):
    """A tool for what is under the pointer: it can say beforehand what a click would take."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._over: tuple[int, int] | None = None  # the pixel (x, y) under the pointer
        self._shown = ""

    def move(self, pointer: Pointer) -> None:
        super().move(pointer)
        if pointer.button is None:
            self._point(pointer.pixel)

    def leave(self) -> None:
        self._point(None)

    def cancel(self) -> None:
        self._point(None)
        super().cancel()

    def changed(self) -> None:
        self._follow()

    def value_changed(self, key: str) -> None:
        self._follow()

    @property
    def scope(self) -> Scope:
        """How much a click takes, as the option says."""
        return Scope(self.value("scope"))

    def over(self) -> str:
        """What a click takes, in words; empty where there is nothing."""
        return "" if self._over is None else describe(self.session, self._over, self.scope)

    def kept(self) -> str:
        """That the rule keeps it, in words; empty where it does not."""
        if self._over is None or not is_kept(self.session, self._over, self.scope):
            return ""
        return f"The rule keeps {self.over()} · paint may go {self.session.rule.text()}"

    def _point(self, pixel: tuple[int, int] | None) -> None:
        self._over = pixel
        self._follow()

    def _follow(self) -> None:
        """Show what the tool says, if that is different now."""
        if (note := self.note()) != self._shown:
            self._shown = note
            self.show()
