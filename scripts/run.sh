#!/bin/sh
# Opens the window on the sample photos; where there is no screen, does the same job headless into out/.
set -eu
cd "$(dirname "$0")/.."
studio=.venv/bin/ade-mask-studio

status=0
"$studio" resources/samples || status=$?
[ "$status" -eq 3 ] || exit "$status"  # 3: no window can be shown; it has said why

echo "The sample photos are done without a window, into out/."
"$studio" predict resources/samples -o out --json --overlay
QT_QPA_PLATFORM=offscreen "$studio" --screenshot out/window.png resources/samples
echo "Done. In out/: label pictures (.png), overlays (_overlay.jpg), detections (.json) and the window (window.png)."
