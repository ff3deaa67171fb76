"""Whether a window can be shown at all, asked before Qt is: Qt answers a missing display by aborting the process."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping


def display_problem(environment: Mapping[str, str] = os.environ) -> str | None:
    """One sentence when there is no display for the window, else None. Only X11 and Wayland can be asked."""
    if not sys.platform.startswith("linux") or environment.get("QT_QPA_PLATFORM") or environment.get("WAYLAND_DISPLAY"):
        return None
    name = environment.get("DISPLAY", "")
    if name and _answers(name):
        return None
    what = f"The display {name} does not answer" if name else "There is no display here"
    return f"{what}, so there can be no window; 'ade-mask-studio predict' works without one."


def _answers(name: str) -> bool:
    """Whether an X server takes a connection; yes where that cannot be told."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # Qt brings what it needs, or says what is missing
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(name.encode(), None)
    refused = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return not refused
