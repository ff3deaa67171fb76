#!/bin/sh
# Prepares everything the commands of the Makefile need: a virtual environment with the packages in .venv, and the
# system libraries Qt wants on Linux.  Usage: scripts/setup.sh run|test.  Quick when there is nothing to do.
set -eu
cd "$(dirname "$0")/.."

purpose=${1:-run}
venv=.venv
python=$venv/bin/python

say() { printf '%s\n' "$*"; }
stop() { printf '%s\n' "$*" >&2; exit 1; }

is_debian() { command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1; }

# Installs Debian packages when that is allowed; otherwise one sentence says what to type.
# $1: why, for people; the rest: packages.
debian_install() {
    why=$1
    shift
    if [ "$(id -u)" != 0 ]; then
        stop "$why Please run: sudo apt-get update && sudo apt-get install -y $*"
    fi
    say "$why Installing: $*"
    log=$(mktemp)
    if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } \
        >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        stop "The packages could not be installed. Please run: apt-get install -y $*"
    fi
    rm -f "$log"
}

# Prints the first Python that is new enough.
find_python() {
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

make_venv() {
    base=$(find_python) || {
        if is_debian && ! command -v python3 >/dev/null 2>&1; then
            debian_install "Python is missing." python3 python3-venv
            base=$(find_python) || base=
        else
            base=
        fi
    }
    [ -n "$base" ] || stop "Python 3.11 or newer is needed and was not found:" \
        "install it from https://www.python.org/downloads/ or with your package manager, or name it: make run PYTHON=/path/to/python3"
    if ! "$base" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        version=$("$base" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        is_debian || stop "This Python ($base) has no venv module: please install it with your package manager."
        debian_install "This Python has no venv module." "python$version-venv"
    fi
    say "Creating a virtual environment in $venv with $base."
    rm -rf "$venv"
    "$base" -m venv "$venv"
}

# One number for everything that decides what has to be installed.
fingerprint() { cat pyproject.toml "$0" | cksum | tr ' ' '-'; }

pip_install() { "$python" -m pip install --disable-pip-version-check --quiet -e "$1"; }

install_packages() {
    failed="The packages could not be installed (the reason stands above): is this machine online?"
    case $purpose in
    run) what='.[openvino]' ;;
    test) what='.[test]' ;;
    *) stop "usage: scripts/setup.sh run|test" ;;
    esac
    say "Installing the packages (the first time this takes some minutes and about 2 GB, more where PyTorch comes with CUDA)."
    # One call, so that the versions are resolved together and nothing pulls in a newer PyTorch afterwards.
    pip_install "$what" || {
        [ "$purpose" = run ] || stop "$failed"
        # The extra is only there for speed, and not built for every Python at once.
        say "That did not go; trying without OpenVINO, which only makes some processors faster."
        pip_install . || stop "$failed"
    }
    rm -f "$venv"/.done-*
    : >"$venv/.done-run-$mark"
    if [ "$purpose" = test ]; then : >"$venv/.done-test-$mark"; fi
}

# The shared libraries that the Qt platform plugins want and this machine does not have.
missing_libraries() {
    qt=$(echo "$venv"/lib/python3*/site-packages/PySide6)
    ldd "$qt"/Qt/plugins/platforms/libqxcb.so "$qt"/Qt/plugins/platforms/libqoffscreen.so \
        "$qt"/Qt/plugins/platforms/libqwayland.so "$qt"/QtWidgets.abi3.so "$qt"/QtSvg.abi3.so 2>/dev/null |
        awk '/not found/ { print $1 }' | sort -u
}

debian_package_of() {
    case $1 in
    libEGL.so.1) echo libegl1 ;;
    libGL.so.1) echo libgl1 ;;
    libGLX.so.0) echo libglx0 ;;
    libOpenGL.so.0) echo libopengl0 ;;
    libX11.so.6) echo libx11-6 ;;
    libX11-xcb.so.1) echo libx11-xcb1 ;;
    libdbus-1.so.3) echo libdbus-1-3 ;;
    libfontconfig.so.1) echo libfontconfig1 ;;
    libfreetype.so.6) echo libfreetype6 ;;
    libglib-2.0.so.0 | libgthread-2.0.so.0) echo libglib2.0-0 ;;
    libwayland-client.so.0) echo libwayland-client0 ;;
    libwayland-cursor.so.0) echo libwayland-cursor0 ;;
    libwayland-egl.so.1) echo libwayland-egl1 ;;
    libxcb.so.1) echo libxcb1 ;;
    libxcb-cursor.so.0) echo libxcb-cursor0 ;;
    libxcb-glx.so.0) echo libxcb-glx0 ;;
    libxcb-icccm.so.4) echo libxcb-icccm4 ;;
    libxcb-image.so.0) echo libxcb-image0 ;;
    libxcb-keysyms.so.1) echo libxcb-keysyms1 ;;
    libxcb-randr.so.0) echo libxcb-randr0 ;;
    libxcb-render.so.0) echo libxcb-render0 ;;
    libxcb-render-util.so.0) echo libxcb-render-util0 ;;
    libxcb-shape.so.0) echo libxcb-shape0 ;;
    libxcb-shm.so.0) echo libxcb-shm0 ;;
    libxcb-sync.so.1) echo libxcb-sync1 ;;
    libxcb-util.so.1) echo libxcb-util1 ;;
    libxcb-xfixes.so.0) echo libxcb-xfixes0 ;;
    libxcb-xinerama.so.0) echo libxcb-xinerama0 ;;
    libxcb-xkb.so.1) echo libxcb-xkb1 ;;
    libxkbcommon.so.0) echo libxkbcommon0 ;;
    libxkbcommon-x11.so.0) echo libxkbcommon-x11-0 ;;
    libz.so.1) echo zlib1g ;;
    libzstd.so.1) echo libzstd1 ;;
    *) return 1 ;;
    esac
}

has_a_font() {
    for folder in /usr/share/fonts /usr/local/share/fonts "${HOME:-/nonexistent}/.fonts" \
        "${HOME:-/nonexistent}/.local/share/fonts"; do
        if [ -d "$folder" ] && [ -n "$(find -L "$folder" \( -name '*.ttf' -o -name '*.otf' -o -name '*.ttc' \) -print 2>/dev/null |
            head -n 1)" ]; then
            return 0
        fi
    done
    return 1
}

install_system_libraries() {
    [ "$(uname -s)" = Linux ] || return 0
    command -v ldd >/dev/null 2>&1 || return 0
    missing=$(missing_libraries)
    packages=
    unknown=
    for library in $missing; do
        if package=$(debian_package_of "$library"); then
            packages="$packages $package"
        else
            unknown="$unknown $library"
        fi
    done
    has_a_font || packages="$packages fonts-dejavu-core"
    [ -n "$packages$unknown" ] || return 0
    if is_debian && [ -n "$packages" ]; then
        # shellcheck disable=SC2046,SC2086 # a list of words on purpose
        debian_install "Qt needs system libraries that are not here." $(printf '%s\n' $packages | sort -u)
        missing=$(missing_libraries)
    fi
    [ -z "$missing" ] || stop "Qt needs these system libraries: please install them with your package manager:" $missing
    has_a_font || stop "There is no font on this machine: please install one (for example DejaVu Sans) with your package manager."
}

mark=$(fingerprint)
[ -x "$python" ] && "$python" -c '' >/dev/null 2>&1 || make_venv
[ -e "$venv/.done-$purpose-$mark" ] || install_packages
install_system_libraries
