"""What people install holds everything the program needs, and starting it stays light."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("app", "inference", "resources")


def in_fresh_python(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in a wheel built from a copy of the sources."""
    source = tmp_path_factory.mktemp("source")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet", "-w", "dist", "."]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=120)
    (built,) = (source / "dist").glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()


def test_the_wheel_holds_every_module_and_every_data_file(wheel: list[str]) -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert path.relative_to(ROOT).as_posix() in wheel


def test_the_wheel_holds_nothing_else(wheel: list[str]) -> None:
    assert {name.split("/")[0] for name in wheel} - set(PACKAGES) == {"ade_mask_studio-0.1.0.dist-info"}


def test_every_folder_with_code_is_a_package() -> None:
    bare = {
        path.parent
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if not (path.parent / "__init__.py").exists()
    }
    assert not bare


def test_the_window_is_loaded_without_an_engine() -> None:
    code = (
        "import sys; import app.window; "
        "print([name for name in ('torch', 'onnxruntime', 'onnx', 'scipy', 'skimage') if name in sys.modules])"
    )
    assert in_fresh_python(code) == "[]"


def test_the_window_shows_masks_of_the_starter_without_torch() -> None:
    code = (
        "import sys; from PySide6.QtCore import QTimer; from app.window import make_application; "
        "from app.main_window import MainWindow; from app.settings import Settings; "
        "from resources.samples import sample_paths; application = make_application(); "
        "window = MainWindow(Settings()); "
        "window.session.prediction_changed.connect(window.close); window.show(); "
        "window.opening.open(sample_paths()[:1]); QTimer.singleShot(60000, window.close); application.exec(); "
        "print(window.session.document.layer_mode, 'onnxruntime' in sys.modules, 'torch' in sys.modules)"
    )
    assert in_fresh_python(code) == "ViewMode.SEGMENTS True False"


def test_the_package_for_scripts_is_loaded_without_an_engine_or_qt() -> None:
    code = (
        "import sys; from inference import load_segmenter; "
        "print([name for name in ('torch', 'onnxruntime', 'PySide6', 'app') if name in sys.modules])"
    )
    assert in_fresh_python(code) == "[]"


def test_the_module_answers_like_the_installed_command() -> None:
    command = [sys.executable, "-m", "app", "--version"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.stdout.startswith("ade-mask-studio ")
    assert result.returncode == 0


def test_every_package_that_is_imported_is_declared() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    declared = {re.split(r"[\[><=;\s]", requirement)[0] for requirement in listed}
    distribution = {
        "PIL": "pillow",
        "cv2": "opencv-python-headless",
        "google": "protobuf",
        "PySide6": "PySide6-Essentials",
        "skimage": "scikit-image",
    }
    code = (
        "import grimp; g = grimp.build_graph('app', 'inference', 'resources', include_external_packages=True); "
        "import sys; own = {'app', 'inference', 'resources'}; "
        "names = {m.split('.')[0] for m in g.modules} - own - sys.stdlib_module_names; print(*sorted(names))"
    )
    imported = set(in_fresh_python(code).split()) - {"shiboken6"}  # comes with PySide6
    assert {"torch", "numpy", "PIL"} <= imported
    extras = {"openvino"}  # an engine that others stand in for
    assert {distribution.get(name, name) for name in imported - extras} <= declared
