"""`ade-mask-studio weights` as a person types it, with a server on this machine in place of the published one."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from app.cli import parse, run
from app.commands import ExitCode
from inference.models import ModelCard, find_card
from tests.inference.publishing import CONTENT, SHA256, brought, lite, store, web
from tests.inference.web import Web, cut_off, silence, status, whole

__all__ = ["brought", "lite", "store", "web"]  # fixtures

pytestmark = pytest.mark.usefixtures("store")  # nothing here touches the user's own

ROOT = Path(__file__).resolve().parents[3]


def weights(*arguments: str | Path) -> int:
    return run(parse(["weights", *map(str, arguments)]))


def said_of(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().out.splitlines()
    return next(line for line in lines if line.startswith(name))


def test_the_list_says_what_is_here_and_what_could_be(
    lite: ModelCard, web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    assert weights("list") == ExitCode.DONE
    said = capsys.readouterr().out
    assert "bisenetformer-m-ade  not fetched  about 54.2 MB" in said
    web.answers = [cut_off(5_000_000), status(500), whole]
    assert weights("fetch", "lite-ade") == ExitCode.NO_RESULT
    capsys.readouterr()
    assert weights("list") == ExitCode.DONE
    assert "5.0 MB of it here" in said_of("lite-ade", capsys)
    assert weights("fetch", "lite-ade") == ExitCode.DONE
    capsys.readouterr()
    assert weights("list") == ExitCode.DONE
    assert said_of("lite-ade", capsys).split()[:4] == ["lite-ade", "here", "14.0", "MB"]
    find_card("lite-ade").weights().unlink()
    assert weights("list") == ExitCode.DONE
    assert said_of("lite-ade", capsys).split()[:2] == ["lite-ade", "lost"]


def test_the_list_as_json(lite: ModelCard, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert weights("list", "--json") == ExitCode.DONE
    record = json.loads(capsys.readouterr().out)
    assert record["folder"] == str(store)
    found = {model["name"]: model for model in record["models"]}
    assert found["starter"]["size"] == len(CONTENT)
    published = found["bisenetformer-m-ade"]
    assert (published["file"], published["size"], published["aliases"]) == (None, None, ["fai-bf-m-ade"])
    assert published["url"].endswith("/bisenetformer-m-ade/model_final.pth")
    assert published["figures"][0]["mean IoU"].startswith("43.4")
    assert "non-commercial" in published["licence"]


def test_fetching_says_the_licence_the_file_and_its_hash(
    lite: ModelCard, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert weights("fetch", "lite", "lite-ade") == ExitCode.DONE
    said = capsys.readouterr()
    file = store / "lite-ade" / "lite-ade.safetensors"
    assert said.out.splitlines()[0] == f"lite-ade: {file} (14.0 MB, SHA-256 {SHA256})"
    assert "lite-ade, licence: For research" in said.err
    assert file.read_bytes() == CONTENT


def test_one_of_two_is_refused(lite: ModelCard, capsys: pytest.CaptureFixture[str]) -> None:
    assert weights("fetch", "starter", "lite-ade", "lite-ade", "--json") == ExitCode.REFUSED
    said = capsys.readouterr()
    record = json.loads(said.out)
    assert [model["name"] for model in record["fetched"]] == ["lite-ade"]
    assert [one["name"] for one in record["refused"]] == ["starter"]
    assert "starter: starter is not published anywhere" in said.err


@pytest.mark.parametrize(
    ("code", "said"), [(404, "There is no file at http://127.0.0.1"), (403, "does not give the file to everybody")]
)
def test_nothing_fetched_is_exit_code_3(
    lite: ModelCard, web: Web, capsys: pytest.CaptureFixture[str], code: int, said: str
) -> None:
    web.answers = [status(code)]
    assert weights("fetch", "lite-ade") == ExitCode.NO_RESULT
    assert said in capsys.readouterr().err


def test_a_name_that_no_model_has_is_wrong_usage_and_nothing_is_fetched(
    lite: ModelCard, web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    for action in (("fetch", "lite-ade", "resnet"), ("path", "resnet"), ("remove", "resnet")):
        assert weights(*action) == ExitCode.USAGE
        assert " resnet" in capsys.readouterr().err
    assert weights("fetch", "resnet", "--json") == ExitCode.USAGE
    said = capsys.readouterr()
    assert json.loads(said.out)["error"] == said.err.strip()
    assert said.err.startswith("There is no model called resnet; there are starter, ")
    assert web.requests == []


def test_a_bar_shows_the_bytes_where_somebody_watches(lite: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    assert weights("fetch", "lite-ade") == ExitCode.DONE
    assert "lite-ade:" in sys.stderr.getvalue()
    assert "14.0M" in sys.stderr.getvalue()


def test_control_c_stops_and_the_next_call_goes_on(
    lite: ModelCard, web: Web, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("inference.download_job.os.fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        assert weights("fetch", "lite-ade") == ExitCode.INTERRUPTED
    assert capsys.readouterr().err.endswith("Stopped.\n")
    assert weights("fetch", "lite-ade") == ExitCode.DONE
    assert len(web.requests) == 1


def test_adding_a_file_tells_what_it_may_be(
    lite: ModelCard, brought: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert weights("add", brought) == ExitCode.DONE
    said = capsys.readouterr()
    assert said.out.startswith(f"mine: {store / 'mine' / 'mine.safetensors'} (14.0 MB")
    assert "if it is the published file, add it with --name lite-ade instead" in said.err
    assert weights("add", brought, "--name", "lite-ade", "--json") == ExitCode.DONE
    said = capsys.readouterr()
    assert json.loads(said.out)["name"] == "lite-ade"
    assert said.err == ""


@pytest.mark.parametrize(("lineage", "told"), [({}, ["61.0", "%"]), ({"steps": 40}, ["–"])])
def test_what_a_model_does_on_a_few_own_pictures_is_not_listed_beside_the_others(
    brought: Path, capsys: pytest.CaptureFixture[str], lineage: dict[str, int], told: list[str]
) -> None:
    card = json.loads((ROOT / "resources" / "models" / "starter.json").read_text(encoding="utf-8"))
    card |= {"name": "mine", "file": brought.name, "sha256": SHA256, "lineage": lineage}
    card["figures"] = [{"split": "held back", "pictures": 2, "mean_iou": 61.0}]
    brought.with_suffix(".json").write_text(json.dumps(card), encoding="utf-8")
    assert weights("add", brought) == ExitCode.DONE
    capsys.readouterr()
    assert weights("list") == ExitCode.DONE
    assert said_of("mine", capsys).split()[4:] == told


def test_a_file_that_is_refused_is_exit_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "page.pth").write_text("<!doctype html>")
    assert weights("add", tmp_path / "page.pth") == ExitCode.NO_RESULT
    assert "page.pth is a web page" in capsys.readouterr().err


def test_verify_and_path(brought: Path, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights("add", brought)
    capsys.readouterr()
    assert weights("path") == ExitCode.DONE
    assert capsys.readouterr().out == f"{store}\n"
    assert weights("path", "mine") == ExitCode.DONE
    file = store / "mine" / "mine.safetensors"
    assert capsys.readouterr().out == f"{file}\n"
    assert weights("path", "mine", "--json") == ExitCode.DONE
    assert json.loads(capsys.readouterr().out) == {"path": str(file)}
    assert weights("verify") == ExitCode.DONE
    assert said_of("mine", capsys) == f"mine: Unharmed. {file}"
    file.write_bytes(b"harmed")
    assert weights("verify", "--json") == ExitCode.REFUSED
    said = capsys.readouterr()
    assert [one["ok"] for one in json.loads(said.out)] == [True, False]
    assert said.err == "1 model cannot be used.\n"
    assert weights("path", "mine") == ExitCode.NO_RESULT
    assert weights("path", "bisenetformer-m-ade") == ExitCode.NO_RESULT
    assert "'ade-mask-studio weights fetch bisenetformer-m-ade' gets it" in capsys.readouterr().err


def test_removing(brought: Path, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights("add", brought)
    capsys.readouterr()
    assert weights("remove", "mine") == ExitCode.DONE
    assert capsys.readouterr().out == "mine was removed.\n"
    assert not (store / "mine").exists()
    assert weights("remove", "mine", "--json") == ExitCode.USAGE  # nobody knows it any more
    assert weights("remove", "starter") == ExitCode.NO_RESULT


def test_a_damaged_ledger_is_told(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store.mkdir()
    (store / "models.json").write_text("{")
    assert weights("list") == ExitCode.NO_RESULT
    assert "is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("line", [["weights"], ["weights", "fetch"], ["weights", "add"], ["weights", "sell", "x"]])
def test_wrong_usage_is_exit_code_2(line: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(line)
    assert caught.value.code == ExitCode.USAGE


def published_s(folder: Path) -> bytes:
    """A checkpoint as the published ones are, with numbers drawn."""
    from inference.network.bisenetformer import BiSeNetFormer

    torch.manual_seed(0)
    tensors = BiSeNetFormer(find_card("bisenetformer-s-ade").network).state_dict()
    torch.save({"model": tensors}, folder / "model_final.pth")
    return (folder / "model_final.pth").read_bytes()


def test_a_command_that_is_killed_is_gone_on_with(
    web: Web, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = threading.Event()

    def halting(web: Web, handler: object) -> None:
        sent.set()
        silence(web, handler)

    web.content = published_s(tmp_path)
    web.answers = [cut_off(40_000_000, then=halting), whole]
    monkeypatch.setenv("ADE_MASK_STUDIO_WEIGHTS_URL", web.url(""))
    line = [sys.executable, "-m", "app", "weights", "fetch", "bisenetformer-s-ade"]
    child = subprocess.Popen(line, cwd=ROOT, env=os.environ, stderr=subprocess.DEVNULL)
    try:
        assert sent.wait(60)
    finally:
        child.kill()
        child.wait()
    assert find_card("bisenetformer-s-ade").file is None
    part = store / ".fetched" / "bisenetformer-s-ade" / "bisenetformer-s-ade.pth.part"
    came = part.stat().st_size
    assert came > 1_000_000
    assert weights("fetch", "bisenetformer-s-ade") == ExitCode.DONE
    assert web.requests[1]["Range"] == f"bytes={came}-"
    assert find_card("bisenetformer-s-ade").weights().read_bytes() == web.content
