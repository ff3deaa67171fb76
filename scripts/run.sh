#!/bin/sh
# Opens the window on the sample photos; where there is no screen, does the same job headless into out/.
set -eu
cd "$(dirname "$0")/.."
studio=.venv/bin/ade-mask-studio

if [ "$(uname -s)" = Linux ] && [ -z "${DISPLAY:-}" ] && [ -z "${WAYLAND_DISPLAY:-}" ]; then
    echo "There is no display here, so the sample photos are done without a window, into out/."
    "$studio" predict resources/samples -o out --json --overlay
    QT_QPA_PLATFORM=offscreen "$studio" --screenshot out/window.png resources/samples
    echo "Done. In out/: label pictures (.png), overlays (_overlay.jpg), detections (.json) and the window (window.png)."
else
    exec "$studio" resources/samples
fi
