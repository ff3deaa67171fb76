"""The README tells the truth about what is generated, shipped and typed."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from app.cli import SHELLS, parse
from app.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = README, *(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md")))


def test_shortcuts_and_starter_card_are_those_of_the_program() -> None:
    script = ROOT / "scripts" / "update_readme.py"
    spec = importlib.util.spec_from_file_location("update_readme", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.updated(README) == README, "run: python scripts/update_readme.py"


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!https?:|#)([^)]+)\)", README))))
def test_links_lead_somewhere(link: str) -> None:
    path, _, anchor = link.partition("#")
    assert (ROOT / path).exists()
    if anchor:
        headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]


def test_every_option_of_predict_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["predict", "--help"])
    options = set(re.findall(r"(?<![\w-])--[a-z]+", capsys.readouterr().out)) - {"--help", "--output"}
    assert "--resume" in options
    missing = [option for option in options if f"| `{option}" not in README]
    assert not missing


def typed(page: str) -> set[str]:
    """The command lines of a page, in blocks and within sentences, without the program's name."""
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^(?:\$ )?ade-mask-studio(?: (.*))?$", "\n".join(blocks), re.MULTILINE)
    return {*lines, *re.findall(r"(?<!`)`ade-mask-studio ([^`]+)`(?!`)", page)}


@pytest.mark.parametrize("line", sorted(set().union(*map(typed, PAGES))))
def test_every_command_line_can_be_typed(line: str) -> None:
    words = shlex.split(line, comments=True)
    words = words[: words.index(">")] if ">" in words else words
    assert words[0] in COMMANDS or words[0] == "--print-completion" or words[0].endswith("/")
    if words[0] == "--print-completion":  # prints and leaves
        assert words[1] in SHELLS
    else:
        parse(words)


def test_every_command_is_shown() -> None:
    assert set(COMMANDS) <= {line.split()[0] for page in PAGES for line in typed(page)}


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\b(?:ADE_MASK_STUDIO|FOCOOS)_[A-Z_]+\b", "".join(PAGES)))))
def test_every_variable_of_the_environment_is_read(name: str) -> None:
    sources = [file for folder in ("app", "inference") for file in (ROOT / folder).rglob("*.py")]
    assert any(f'"{name}"' in file.read_text(encoding="utf-8") for file in sources)
