"""The drivers by the id of their tool."""

from __future__ import annotations

from tests.app.tools.editing.by_hand import (
    BrushDriver,
    EllipseDriver,
    EraserDriver,
    FillDriver,
    LassoDriver,
    PanDriver,
    PickDriver,
    PolygonDriver,
    RectangleDriver,
    RelabelDriver,
    RestoreDriver,
    ZoomDriver,
)
from tests.app.tools.editing.by_looking import (
    AskDriver,
    CleanupDriver,
    CopyDriver,
    RefineDriver,
    SuperpixelsDriver,
    WandDriver,
)
from tests.app.tools.editing.driver import Driver

DRIVERS: dict[str, type[Driver]] = {
    driver.id: driver
    for driver in (
        RelabelDriver, BrushDriver, EraserDriver, RestoreDriver, FillDriver, PolygonDriver, LassoDriver,
        RectangleDriver, EllipseDriver, WandDriver, SuperpixelsDriver, RefineDriver, AskDriver, CleanupDriver,
        CopyDriver, PickDriver, PanDriver, ZoomDriver,
    )
}  # fmt: skip
