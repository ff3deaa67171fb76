"""How commands speak, whatever they have to say."""

from __future__ import annotations

import io
import re
import sys

import pytest

from app.commands.console import counted, print_json, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_goes_to_where_the_work_is_and_not_beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress(30, unit="file") as advance:
        for done in (10, 20, 30):
            advance(done)
    assert re.findall(r"\| (\d+)/30 \[", sys.stderr.getvalue())[-1] == "30"


def test_a_bar_can_learn_its_length_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress(None, unit="file") as advance:
        advance(2, 4)
    assert "50%" in sys.stderr.getvalue()
    assert "2/4" in sys.stderr.getvalue()


def test_there_is_no_bar_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(2, unit="file") as advance:
        advance(1)
        advance(2, 2)
    assert capsys.readouterr() == ("", "")


def test_what_is_no_json_is_never_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"share": float("nan")})
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("number", "said"), [(0, "0 files"), (1, "1 file"), (2000, "2,000 files")])
def test_numbers_have_their_noun(number: int, said: str) -> None:
    assert counted(number, "file") == said
