"""What makes a large picture different, for small ones: the limits beyond which work is done in another way."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import strategies as st

import app.core.regions
import app.editing.session
import app.editing.stepping
import app.editing.under_way
import app.tools.brush


@dataclass(frozen=True)
class Limits:
    """Each may be so low that much goes beyond it, or so high that nothing does."""

    undo_bytes: int
    reach: int  # pixels; an edit that may reach further is worked out in the background
    effort: int  # microseconds; a step that takes longer is shown in slices, several are worked out in the background
    sliced: bool  # or all is shown at once
    largest_mask: int  # pixels of a picture; in larger ones a region is found tile by tile
    large_brush: int  # pixels; a larger one leaves out what it has painted

    def set(self, patch: pytest.MonkeyPatch) -> None:
        """Make them hold for all sessions; the bytes and the slices are each session's own."""
        patch.setattr(app.editing.session, "REACH_AT_ONCE", self.reach)
        for module in (app.editing.stepping, app.editing.under_way):
            patch.setattr(module, "EFFORT_AT_ONCE", self.effort)
        patch.setattr(app.editing.under_way, "SLICE", self.effort)
        patch.setattr(app.core.regions, "LARGEST_MASK", self.largest_mask)
        patch.setattr(app.tools.brush, "_LARGE", self.large_brush)


limits = st.builds(
    Limits,
    undo_bytes=st.sampled_from((256 * 2**20, 20_000, 3_000)),
    reach=st.sampled_from((20_000, 2_000, 0)),
    effort=st.sampled_from((40_000, 50, 0)),
    sliced=st.booleans(),
    largest_mask=st.sampled_from((10**6, 0)),
    large_brush=st.sampled_from((30, 500)),
)
