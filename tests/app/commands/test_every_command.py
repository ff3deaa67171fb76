"""What scripts and people may rely on in every command alike."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest

from app.cli import build_parser
from app.commands import COMMANDS


def sub_parsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """What follows on a word, by that word."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return {name: sub for group in groups for name, sub in group.choices.items()}


def jobs(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parser itself, or those of its actions."""
    yield from sub_parsers(parser).values() or [parser]


@pytest.fixture(scope="module")
def commands() -> dict[str, argparse.ArgumentParser]:
    return sub_parsers(build_parser())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_answers_as_json(name: str, commands: dict[str, argparse.ArgumentParser]) -> None:
    assert all("--json" in job.format_help() for job in jobs(commands[name]))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_exit_codes_and_examples_that_can_be_typed(
    name: str, commands: dict[str, argparse.ArgumentParser]
) -> None:
    said = commands[name].format_help()
    assert "Exit codes: 0 " in said
    assert "130 stopped" in " ".join(said.split())
    examples = [line.split() for line in said.partition("examples:")[2].splitlines() if line.startswith("  ade-")]
    assert len(examples) >= 2
    for program, *words in examples:
        assert program == "ade-mask-studio"
        plain = words[: words.index(">")] if ">" in words else words
        assert build_parser().parse_args(plain).command in COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str, commands: dict[str, argparse.ArgumentParser]) -> None:
    for job in jobs(commands[name]):
        assert job.description
        assert all(action.help for action in job._actions)
