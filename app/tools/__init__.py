"""The tools by their id, in the order in which a toolbar shows them. Ids are those of the actions and of the icons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.tools.ask import Ask
from app.tools.base import Tool
from app.tools.brush import Brush
from app.tools.cleanup import Cleanup
from app.tools.copy_previous import CopyPrevious
from app.tools.eraser import Eraser
from app.tools.fill import Fill
from app.tools.pan import Pan
from app.tools.pick import Pick
from app.tools.polygon import Polygon
from app.tools.refine import Refine
from app.tools.relabel import Relabel
from app.tools.restore import Restore
from app.tools.shapes import Ellipse, Lasso, Rectangle
from app.tools.superpixels import Superpixels
from app.tools.wand import Wand
from app.tools.zoom import Zoom

if TYPE_CHECKING:
    from app.editing.session import Session

_ALL: tuple[type[Tool], ...] = (
    Relabel,
    Brush,
    Eraser,
    Restore,
    Fill,
    Polygon,
    Lasso,
    Rectangle,
    Ellipse,
    Wand,
    Superpixels,
    Refine,
    Ask,
    Cleanup,
    CopyPrevious,
    Pick,
    Pan,
    Zoom,
)
TOOLS: dict[str, type[Tool]] = {tool.id: tool for tool in _ALL}


def make_tool(tool_id: str, session: Session) -> Tool:
    """Take a tool in hand by its id. KeyError for an id that no tool has."""
    return TOOLS[tool_id](session)
