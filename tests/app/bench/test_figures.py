"""What `bench` prints."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.bench import command
from app.bench.figures import Figure, markdown_table
from app.bench.machine import machine_line
from app.cli import parse, run
from app.commands import ExitCode
from inference.errors import EngineError

ROOT = Path(__file__).resolve().parents[3]


def test_the_table_is_aligned_and_keeps_two_or_three_digits() -> None:
    table = markdown_table(
        [Figure(name="dab", median=3.14159, p95=12.345), Figure(name="start", median=1234.5, unit="s", note="cold")]
    )
    assert table.splitlines() == [
        "| what  | median  | 95th percentile |      |",
        "| ----- | ------- | --------------- | ---- |",
        "| dab   | 3.14 ms | 12.3 ms         |      |",
        "| start | 1,234 s |                 | cold |",
    ]


def test_pace_and_floor_have_columns_where_a_row_has_them() -> None:
    timed = Figure(name="m", median=200.0, a_second=5.5, floor=150.0)
    assert markdown_table([timed, Figure(name="cpu", median=None, note="refused")]).splitlines() == [
        "| what | median | 95th percentile | a second | floor, share |         |",
        "| ---- | ------ | --------------- | -------- | ------------ | ------- |",
        "| m    | 200 ms |                 | 5.50     | 150 ms, 75%  |         |",
        "| cpu  |        |                 |          |              | refused |",
    ]


def test_a_goal_stands_beside_its_figure_with_what_became_of_it() -> None:
    kept = Figure.of("a", [1.0, 2.0, 3.0], goal=4)
    often = Figure.of("b", [1.0, 2.0, 30.0], goal=4, note="longest 30 ms")
    missed = Figure(name="c", median=70.0, unit="MB", goal=64)
    assert [row.remark() for row in (kept, often, missed)] == [
        "goal 4 ms: met · 3 times",
        "goal 4 ms: mostly met · longest 30 ms",
        "goal 64 MB: missed",
    ]
    assert "goal 64 MB: missed" in markdown_table([missed])


def test_a_figure_is_the_median_and_the_95th_percentile_of_what_was_timed() -> None:
    figure = Figure.of("dab", [float(number) for number in range(101)])
    assert (figure.median, figure.p95) == (50, 95)
    assert Figure.of("few", [1.0, 9.0, 3.0]).p95 == 9.0  # and nothing between them is made up


def test_who_reaches_the_goal_exactly_meets_it() -> None:
    figures = [Figure(name="a", median=4.0, p95=4.0, goal=4), Figure(name="b", median=4.0, goal=4, at_least=True)]
    assert [figure.remark() for figure in figures] == ["goal 4 ms: met", "goal at least 4 ms: met"]


def test_a_figure_below_what_it_should_at_least_be_misses_its_goal() -> None:
    below, above = (Figure(name="a", median=median, goal=90, at_least=True, unit="%") for median in (89.0, 91.0))
    assert [below.remark(), above.remark()] == ["goal at least 90 %: missed", "goal at least 90 %: met"]


def test_hundreds_have_no_digits_after_the_point() -> None:
    assert "| 123 ms " in markdown_table([Figure(name="a", median=123.4)])


def test_the_machine_line_says_cores_and_python() -> None:
    assert re.search(r"· \d+ cores ·.*Python 3\.\d+", machine_line())
    assert "\n" not in machine_line()


def test_the_peak_memory_grows_with_what_was_held_and_stays() -> None:
    code = (
        "from app.bench.probe import peak_megabytes as peak; before = peak(); block = b'x' * 2**26; del block; "
        "print('unknown' if before is None else peak() - before)"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    if answer.stdout == "unknown\n":
        pytest.skip("this system does not tell the peak")
    assert 60 <= float(answer.stdout) <= 80


@pytest.fixture
def one_part(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    asked: list[bool] = []

    def part(*, quick: bool) -> Iterator[Figure]:
        asked.append(quick)
        yield Figure(name="dab", median=3.5, p95=4.5)

    monkeypatch.setattr(command, "PARTS", {"Painting": part})
    return asked


def test_people_get_the_machine_and_a_table(one_part: list[bool], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parse(["bench"])) == 0
    said = capsys.readouterr().out
    assert said.startswith(machine_line())
    assert "**Painting**" in said
    assert "| dab" in said
    assert one_part == [False]


def test_scripts_get_json_and_nothing_else(one_part: list[bool], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parse(["bench", "--json", "--quick"])) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["parts"]["Painting"] == [
        {
            "name": "dab",
            "median": 3.5,
            "p95": 4.5,
            "unit": "ms",
            "note": "",
            "goal": None,
            "at_least": False,
            "a_second": None,
            "floor": None,
        }
    ]
    assert one_part == [True]


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Parts that tell when they are measured; the last one cannot be."""
    asked: list[str] = []

    def part(title: str) -> Callable[..., Iterator[Figure]]:
        def measure(*, quick: bool) -> Iterator[Figure]:
            asked.append(title)
            if title == command.START:
                raise EngineError("There is no engine.")
            yield Figure(name="dab", median=3.5)

        return measure

    titles = (command.ENGINES, "A folder", command.START)
    monkeypatch.setattr(command, "PARTS", {title: part(title) for title in titles})
    return asked


def test_a_quick_look_leaves_out_what_was_not_asked_for(parts: list[str]) -> None:
    run(parse(["bench", "--quick"]))
    assert parts == [command.ENGINES, command.START]
    parts.clear()
    assert run(parse(["bench", "--quick", "--only", "folder"])) == ExitCode.DONE
    assert parts == ["A folder"]
    parts.clear()
    run(parse(["bench"]))
    assert parts == [command.ENGINES, "A folder", command.START]


@pytest.mark.parametrize("name", ["network", "engines"])
def test_the_engines_are_found_by_either_name(name: str, parts: list[str]) -> None:
    assert run(parse(["bench", "--only", name])) == ExitCode.DONE
    assert parts == [command.ENGINES]


def test_a_part_that_cannot_be_measured_says_why_and_the_others_follow(
    parts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(parse(["bench"])) == ExitCode.REFUSED
    said = capsys.readouterr()
    assert "| not measured |        |                 | There is no engine. |" in said.out
    assert "measuring 3 of 3: Start" in said.err
    assert run(parse(["bench", "--only", "start"])) == ExitCode.NO_RESULT


def test_a_part_that_does_not_exist_is_wrong_usage(parts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parse(["bench", "--only", "magic"])) == ExitCode.USAGE
    said = capsys.readouterr()
    assert "No part is called magic; there are: Engines" in said.err
    assert (said.out, parts) == ("", [])
