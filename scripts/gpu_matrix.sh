#!/bin/sh
# Measures every engine on a machine with a graphics card and writes one Markdown file, which fills in what the README
# lacks: what the program finds there, the tests that need a GPU, and the table engine x device x latency.
# Usage: scripts/gpu_matrix.sh [FILE.md]     (default: gpu_matrix.md)
# Where the packages are installed already, PYTHON=/path/to/python takes those instead of setting up .venv.
set -eu
cd "$(dirname "$0")/.."

report=${1:-gpu_matrix.md}
if [ -z "${PYTHON:-}" ]; then
    scripts/setup.sh test
    PYTHON=.venv/bin/python
fi
export QT_QPA_PLATFORM=offscreen # nothing here needs a screen

part=$report.part
trap 'rm -f "$part" "$part.err"' EXIT
failed=

# $1: heading; $2: "text" or "table"; the rest: a command whose answer stands below it. What it says on stderr is shown
# here, and kept if it fails; the other sections follow all the same.
section() {
    heading=$1
    form=$2
    shift 2
    echo "$heading ..." >&2
    printf '\n## %s\n\n`%s`\n\n' "$heading" "$*"
    status=0
    [ "$form" = table ] || echo '```'
    "$@" 2>"$part.err" || status=$?
    [ "$form" = table ] || echo '```'
    if [ "$status" -ne 0 ]; then
        failed="$failed $heading;"
        printf '\nExit code %s:\n\n```\n' "$status"
        tail -n 40 "$part.err"
        echo '```'
    fi
}

{
    commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
    printf '# ADE Mask Studio on a graphics card\n\n%s, commit %s\n' "$(date -u +%Y-%m-%d)" "$commit"
    section "The driver" text nvidia-smi
    section "What can be used here" text "$PYTHON" -m app doctor --fresh
    section "The tests that need a GPU" text "$PYTHON" -m pytest -m gpu -q
    section "Every engine on every device" table "$PYTHON" -m app bench --only engines
} >"$part"
mv "$part" "$report"
echo "Written to $report."
if [ -n "$failed" ]; then
    echo "Not everything went well:$failed the reasons stand there." >&2
    exit 1
fi
