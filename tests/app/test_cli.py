"""What can be typed, what is told apart from opening the window, and the exit codes of wrong usage."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import COMMANDS, SHELLS, completion, parse, run
from app.commands import ExitCode
from inference.errors import WeightsError

ROOT = Path(__file__).resolve().parents[2]


def test_no_arguments_open_the_window() -> None:
    arguments = parse([])
    assert arguments.command is None
    assert arguments.paths == []
    assert arguments.screenshot is None


def test_paths_open_the_window() -> None:
    arguments = parse(["photos", "a.jpg"])
    assert arguments.command is None
    assert arguments.paths == [Path("photos"), Path("a.jpg")]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_called_like_a_command_opens_when_its_folder_is_named(name: str) -> None:
    assert parse([f"./{name}"]).paths == [Path(name)]


def test_a_command_is_one_only_in_the_first_place() -> None:
    assert parse(["photos", "predict"]).paths == [Path("photos"), Path("predict")]


def test_predict_has_the_defaults_of_the_contract() -> None:
    arguments = parse(["predict", "a.jpg", "folder", "-o", "out"])
    assert vars(arguments) == {
        "command": "predict",
        "paths": [Path("a.jpg"), Path("folder")],
        "output": Path("out"),
        "threshold": 0.5,
        "mode": "segments",
        "model": "starter",
        "engine": "auto",
        "device": "auto",
        "resume": False,
        "recursive": False,
        "json": False,
        "overlay": False,
    }


@pytest.mark.parametrize("value", ["0", "1", "0.25", "1e-3"])
def test_thresholds_from_0_to_1_are_taken_as_they_are(value: str) -> None:
    assert parse(["predict", "a.jpg", "-o", "out", "--threshold", value]).threshold == float(value)


@pytest.mark.parametrize(
    "device", ["auto", "cpu", "cuda", "cuda:0", "cuda:11", "tensorrt", "tensorrt:1", "mps", "gpu:1", "npu"]
)
def test_devices(device: str) -> None:
    assert parse(["predict", "a.jpg", "-o", "out", "--device", device]).device == device


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (["predict"], "required: PATH, -o/--output"),
        (["predict", "a.jpg"], "required: -o/--output"),
        (["predict", "a.jpg", "-o", "out", "--threshold", "1.5"], "'1.5' is not a number from 0 to 1"),
        (["predict", "a.jpg", "-o", "out", "--threshold", "-0.1"], "not a number from 0 to 1"),
        (["predict", "a.jpg", "-o", "out", "--threshold", "nan"], "not a number from 0 to 1"),
        (["predict", "a.jpg", "-o", "out", "--threshold", "half"], "'half' is not a number from 0 to 1"),
        (["predict", "a.jpg", "-o", "out", "--device", "fpga"], "'fpga' is not auto, cpu, cuda or cuda:n"),
        (["predict", "a.jpg", "-o", "out", "--engine", "magic"], "invalid choice: 'magic'"),
        (["predict", "a.jpg", "-o", "out", "--mode", "panoptic"], "invalid choice: 'panoptic'"),
        (["--colour"], "unrecognized arguments: --colour"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_says_what(
    wrong: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse(wrong)
    assert stopped.value.code == ExitCode.USAGE
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "meant"), [("weightz", "weights"), ("predct", "predict"), ("Bench", "bench"), ("eval", "evaluate")]
)
def test_a_mistyped_command_is_no_photo(
    typed: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        parse([typed, "photos", "-o", "labels"])
    assert stopped.value.code == ExitCode.USAGE
    assert f"there is no command and no file called {typed}; did you mean {meant}?" in capsys.readouterr().err
    for photo in (f"./{typed}", f"{typed}.jpg", "holiday"):
        assert parse([photo]).paths == [Path(photo)]
    (tmp_path / typed).mkdir()
    assert parse([typed]).paths == [Path(typed)]


@pytest.mark.parametrize("arguments", [["--version"], ["predict", "--help"], ["--help"]])
def test_questions_about_the_program_itself_are_answered(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse(arguments)
    assert stopped.value.code == 0
    assert "ade-mask-studio" in capsys.readouterr().out


def test_the_help_of_the_window_names_the_commands_and_hides_what_is_for_developers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"])
    said = capsys.readouterr().out
    assert all(name in said for name in COMMANDS)
    assert "screenshot" not in said


def test_an_expected_error_is_one_sentence_and_exit_code_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(**_: object) -> int:
        raise WeightsError("The weights are damaged.")

    monkeypatch.setattr("app.bench.command.run_bench", refuse)
    assert run(parse(["bench"])) == ExitCode.NO_RESULT
    assert capsys.readouterr().err == "The weights are damaged.\n"


def test_control_c_is_said_in_a_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(**_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.bench.command.run_bench", interrupt)
    assert run(parse(["bench"])) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == "Stopped.\n"


def test_the_help_needs_neither_qt_nor_an_engine_nor_opencv() -> None:
    code = (
        "import sys; from app.cli import build_parser, build_window_parser; "
        "build_parser().format_help(); build_window_parser().format_help(); "
        "print([name for name in ('PySide6', 'torch', 'onnxruntime', 'cv2', 'numpy') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.stdout == "[]\n", result.stderr


def test_a_command_that_is_done_does_not_look_for_garbage() -> None:
    code = (
        "import atexit, gc\nfrom app.cli import parse, run\natexit.register(lambda: print(gc.get_freeze_count()))\n"
        "run(parse(['validate', 'nowhere']))"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert int(result.stdout) > 10_000, result.stderr


def completed(script: str, *words: str) -> list[str]:
    """What bash offers for the last of these words."""
    line = " ".join(f"'{word}'" for word in ("ade-mask-studio", *words))
    code = f'{script}\nCOMP_WORDS=({line}); COMP_CWORD={len(words)}; _shtab_ade_mask_studio; echo "${{COMPREPLY[@]}}"'
    return subprocess.run(["bash", "-c", code], capture_output=True, text=True, timeout=60).stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes_commands_options_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse(["--print-completion", "bash"])
    assert stopped.value.code == 0
    script = capsys.readouterr().out
    assert completed(script, "eval") == ["evaluate"]
    assert completed(script, "predict", "--mode", "s") == ["segments", "semantic"]
    assert "--resume" in completed(script, "predict", "--r")
    (tmp_path / "photo.jpg").touch()
    assert completed(script, "predict", f"{tmp_path}/ph") == [f"{tmp_path}/photo.jpg"]
    assert completed(script, "predict", "--model", f"{tmp_path}/ph") == [f"{tmp_path}/photo.jpg"]
    assert completed(script, "weights", "ad") == ["add"]
    assert completed(script, "weights", "fetch", "bisenetformer-m") == ["bisenetformer-m-ade"]
    assert completed(script, "weights", "fetch", "bisenetformer-m-ade", "bisenetformer-l") == ["bisenetformer-l-ade"]
    assert "-o default " in script.splitlines()[-1]  # photos for the window
    assert completed(script, "weights", "add", f"{tmp_path}/ph") == [f"{tmp_path}/photo.jpg"]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_gets_a_script_that_knows_every_command(shell: str) -> None:
    script = completion(shell)
    assert all(name in script for name in COMMANDS)


def test_zsh_tells_what_commands_are_for_in_less_than_a_line() -> None:
    script = completion("zsh")
    for name, purpose in COMMANDS.items():
        assert f"    {name}:'{purpose}'\n" in script
        assert len(f"{name:8}  -- {purpose}") <= 80
    assert "    fetch:'download weights; what was interrupted is gone on with'\n" in script


def test_a_shell_that_is_not_known_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse(["--print-completion", "fish"])
    assert stopped.value.code == ExitCode.USAGE
    assert "invalid choice: 'fish'" in capsys.readouterr().err
