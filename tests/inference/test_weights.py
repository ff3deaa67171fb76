"""Each way a weights file can be wrong is told in one sentence, and nothing in it runs."""

from __future__ import annotations

import os
import pickle
import struct
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch_file

from inference.engines import torch_engine
from inference.errors import WeightsError
from inference.models import find_card
from inference.weights import check_tensors, load_tensors, sha256_of

TENSORS = {
    "head.a.weight": np.arange(600, dtype=np.float32).reshape(20, 30) / 7,
    "head.a.running_mean": np.linspace(-1, 1, 20, dtype=np.float32),
    "head.a.num_batches_tracked": np.array(3, np.int64),
}
SHAPES = {name: tensor.shape for name, tensor in TENSORS.items()}


def as_torch(tensors: dict[str, NDArray[Any]] = TENSORS) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(tensor.copy()) for name, tensor in tensors.items()}


def refusal(path: Path) -> str:
    with pytest.raises(WeightsError) as caught:
        load_tensors(path)
    said = str(caught.value)
    assert path.name in said
    assert said.endswith(".")
    assert "\n" not in said
    return said


def equal(found: dict[str, NDArray[Any]], expected: dict[str, NDArray[Any]] = TENSORS) -> bool:
    return found.keys() == expected.keys() and all(np.array_equal(found[name], expected[name]) for name in expected)


# --- files that are right --------------------------------------------------------------------------------------------


def test_safetensors(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "a.safetensors")
    assert equal(load_tensors(tmp_path / "a.safetensors"))


@pytest.mark.parametrize("suffix", [".pth", ".pt"])
@pytest.mark.parametrize("nest", [None, "model", "state_dict"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_checkpoints_bare_or_nested(tmp_path: Path, suffix: str, nest: str | None, prefix: str) -> None:
    content: dict[str, Any] = {prefix + name: tensor for name, tensor in as_torch().items()}
    content = content if nest is None else {nest: content, "iteration": 7, "optimizer": {"state": {}}}
    torch.save(content, tmp_path / f"a{suffix}")
    assert equal(load_tensors(tmp_path / f"a{suffix}"))


def test_the_older_checkpoint_format(tmp_path: Path) -> None:
    torch.save(as_torch(), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert equal(load_tensors(tmp_path / "old.pth"))


def test_half_precision_is_widened(tmp_path: Path) -> None:
    half = {name: tensor.astype(np.float16) if tensor.dtype.kind == "f" else tensor for name, tensor in TENSORS.items()}
    save_file(half, tmp_path / "half.safetensors")
    brain = {name: tensor.bfloat16() for name, tensor in as_torch().items()}
    torch.save(brain, tmp_path / "brain.pth")
    save_torch_file(brain, tmp_path / "brain.safetensors")
    for name in ("half.safetensors", "brain.pth", "brain.safetensors"):
        tensors = load_tensors(tmp_path / name)
        assert tensors["head.a.weight"].dtype == np.float32
        np.testing.assert_allclose(tensors["head.a.weight"], TENSORS["head.a.weight"], rtol=1e-2)


@pytest.mark.parametrize("ml_dtypes", ["there", "missing"])
def test_bfloat16_does_not_depend_on_what_else_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ml_dtypes: str
) -> None:
    if ml_dtypes == "missing":
        monkeypatch.setitem(sys.modules, "ml_dtypes", None)
        monkeypatch.delattr(np, "bfloat16", raising=False)
    else:
        pytest.importorskip("ml_dtypes")
    values = torch.tensor([[1.0, -2.5, 3e38], [float("inf"), 1e-40, 0.0]]).bfloat16()
    save_torch_file({"a": values}, tmp_path / "brain.safetensors")
    found = load_tensors(tmp_path / "brain.safetensors")["a"]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, values.float().numpy())


def test_tensors_of_a_safetensors_file_can_be_handed_to_torch(tmp_path: Path) -> None:
    given = {**as_torch(), "one": torch.tensor(1.5).bfloat16(), "none": torch.zeros(0, 3)}
    save_torch_file(given, tmp_path / "a.safetensors")
    for name, tensor in load_tensors(tmp_path / "a.safetensors").items():
        assert torch.equal(torch.from_numpy(tensor), given[name].to(torch.from_numpy(tensor).dtype))  # or a warning


def test_what_belongs_to_the_training_loss_is_dropped(tmp_path: Path) -> None:
    torch.save({**as_torch(), "head.criterion.empty_weight": torch.ones(151)}, tmp_path / "trained.pth")
    assert equal(load_tensors(tmp_path / "trained.pth"))


def test_the_hash_is_that_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256_of(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


# --- and files that are not ------------------------------------------------------------------------------------------


def test_missing_folder_empty(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "gone.pth")
    (tmp_path / "folder.pth").mkdir()
    assert "is a folder" in refusal(tmp_path / "folder.pth")
    (tmp_path / "empty.safetensors").touch()
    assert "is empty" in refusal(tmp_path / "empty.safetensors")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path, mode: str = "r") -> None:  # chmod would not stop an administrator
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", denied)
    assert "permission denied" in refusal(tmp_path / "locked.pth")


@pytest.mark.parametrize("name", ["page.pth", "page.safetensors"])
def test_a_web_page_saved_in_its_place(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("\n  <!DOCTYPE html><html><body>404</body></html>")
    assert "is a web page" in refusal(tmp_path / name)


@pytest.mark.parametrize("name", ["a.pth", "old.pth", "a.safetensors"])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.99])
def test_truncated(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / name
    if name == "a.safetensors":
        save_file(TENSORS, path)
    else:
        torch.save(as_torch(), path, _use_new_zipfile_serialization=name == "a.pth")
    content = path.read_bytes()
    path.write_bytes(content[: max(1, int(share * len(content)))])
    assert "is cut off or is not" in refusal(path)


@pytest.mark.parametrize("name", ["noise.pth", "noise.pt", "noise.safetensors"])
@pytest.mark.parametrize("seed", range(5))
def test_no_checkpoint_at_all(tmp_path: Path, name: str, seed: int) -> None:
    (tmp_path / name).write_bytes(b"A" + np.random.default_rng(seed).bytes(5000))
    assert "is cut off or is not" in refusal(tmp_path / name)


@pytest.mark.parametrize("page", [b"<!doctype html>", b"\xef\xbb\xbf <HTML>", b"<?xml version='1.0'?>"])
def test_web_pages_of_any_spelling(tmp_path: Path, page: bytes) -> None:
    (tmp_path / "page.pth").write_bytes(page)
    assert "is a web page" in refusal(tmp_path / "page.pth")


def test_a_header_that_begins_like_a_tag_is_no_web_page(tmp_path: Path) -> None:
    header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    header += b" " * (ord("<") - len(header))
    content = struct.pack("<Q", len(header)) + header + struct.pack("<f", 1.5)
    assert content.startswith(b"<")
    (tmp_path / "a.safetensors").write_bytes(content)
    assert load_tensors(tmp_path / "a.safetensors")["a"] == [1.5]


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be opened: File name too long"):
        load_tensors(tmp_path / ("a" * 300 + ".pth"))
    with pytest.raises(WeightsError, match="cannot be opened: embedded null"):
        load_tensors(tmp_path / "a\0b.pth")


def test_a_small_file_cannot_ask_for_much_memory(tmp_path: Path) -> None:
    torch.save({"head.b": torch.ones(1).expand(10**13)}, tmp_path / "bomb.pth")
    assert (tmp_path / "bomb.pth").stat().st_size < 3000
    assert "head.b claims more numbers than the file holds" in refusal(tmp_path / "bomb.pth")


def test_a_small_file_cannot_unpack_to_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({"head.b": torch.zeros(1_000_000)}, tmp_path / "plain.pth")
    with (
        zipfile.ZipFile(tmp_path / "plain.pth") as plain,
        zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name in plain.namelist():
            bomb.writestr(name, plain.read(name))
    monkeypatch.setattr(torch_engine, "LARGEST", 3_000_000)
    assert (tmp_path / "bomb.pth").stat().st_size < 10_000
    assert refusal(tmp_path / "bomb.pth") == "bomb.pth holds more than 3.0 MB."


@pytest.mark.parametrize("name", ["large.safetensors", "large.pth"])
def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        file.write(b"x")
        file.truncate(2_000_000_001)  # it takes no room
    assert refusal(tmp_path / name) == f"{name} is larger than 2.0 GB."
    with pytest.raises(WeightsError, match=r"is larger than 2\.0 GB"):
        find_card(tmp_path / name)


def test_another_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    assert "should end in" in refusal(tmp_path / "notes.txt")


class Malicious:
    """Unpickled, it would make a folder: harmless, and easy to see."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("kind", ["checkpoint", "older checkpoint", "plain pickle", "newer pickle"])
def test_code_in_a_pickle_is_refused_and_not_run(tmp_path: Path, kind: str) -> None:
    mark, path = tmp_path / "ran", tmp_path / "evil.pth"
    content = {**as_torch(), "extra": Malicious(mark)}
    if kind.endswith("pickle"):
        path.write_bytes(pickle.dumps(Malicious(mark), protocol=2 if kind == "plain pickle" else 5))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=kind == "checkpoint")
    assert "something beside tensors" in refusal(path)
    assert not mark.exists()


def test_a_whole_pickled_network_is_refused(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(3, 3), tmp_path / "network.pth")
    said = refusal(tmp_path / "network.pth")
    assert "holds something beside tensors (torch.nn.modules.linear.Linear) that is not loaded for safety" in said


def test_a_number_of_numpy_is_not_called_a_program(tmp_path: Path) -> None:
    torch.save({"model": as_torch(), "best": np.float64(0.3)}, tmp_path / "best.pth")
    said = refusal(tmp_path / "best.pth")
    assert "holds something beside tensors (numpy" in said
    assert "code" not in said


def strange(kind: str) -> torch.Tensor:
    values = torch.eye(3)
    match kind:
        case "sparse":
            return values.to_sparse()
        case "sparse csr":
            return values.to_sparse_csr()
        case "meta":
            return values.to("meta")
        case "quint8":
            return torch.quantize_per_tensor(values, 0.1, 0, torch.quint8)
        case _:
            return values.to({"complex64": torch.complex64, "bool": torch.bool}[kind])


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("sparse", "odd.pth: head.b is stored as sparse; save it as a dense tensor."),
        ("sparse csr", "odd.pth: head.b is stored as sparse csr; save it as a dense tensor."),
        ("meta", "odd.pth: head.b has no numbers: it was saved from the meta device."),
        ("quint8", "odd.pth: head.b holds quint8 numbers, which cannot be read; save it as float32."),
        ("complex64", "odd.pth: head.b holds complex64 numbers, which cannot be read; save it as float32."),
        ("bool", "odd.pth: head.b holds bool numbers, which cannot be read; save it as float32."),
    ],
)
def test_tensors_that_are_not_plain_numbers_are_named(tmp_path: Path, kind: str, said: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls some of these kinds unfinished
        torch.save({**as_torch(), "head.b": strange(kind)}, tmp_path / "odd.pth")
    assert refusal(tmp_path / "odd.pth") == said


def test_kinds_of_numbers_that_numpy_does_not_have_are_named(tmp_path: Path) -> None:
    save_torch_file({"head.b": torch.ones(3).to(torch.float8_e4m3fn)}, tmp_path / "eight.safetensors")
    assert "head.b holds F8_E4M3 numbers, which cannot be read; save it as float16." in refusal(
        tmp_path / "eight.safetensors"
    )


def test_a_checkpoint_without_pytorch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(as_torch(), tmp_path / "a.pth")
    monkeypatch.delitem(sys.modules, "inference.engines.torch_engine", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "can only be read by PyTorch, which cannot be loaded here" in refusal(tmp_path / "a.pth")


def test_content_that_is_no_table_of_tensors(tmp_path: Path) -> None:
    torch.save([1, 2, 3], tmp_path / "list.pth")
    assert "no table of tensors" in refusal(tmp_path / "list.pth")
    torch.save({"epoch": 3}, tmp_path / "other.pth")
    assert "'epoch' is something else" in refusal(tmp_path / "other.pth")
    torch.save({}, tmp_path / "nothing.pth")
    assert "holds no tensors" in refusal(tmp_path / "nothing.pth")
    save_file({}, tmp_path / "nothing.safetensors")
    assert "holds no tensors" in refusal(tmp_path / "nothing.safetensors")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"head.a.weight": None}, "file.pth lacks the tensor head.a.weight."),
        ({"head.a.weight": None, "head.a.running_mean": None}, "lacks the tensor head.a.weight and 1 more."),
        ({"tail": np.zeros(3)}, "has a tensor that the network does not know: tail."),
        ({"head.a.weight": np.zeros((20, 31))}, "head.a.weight has shape 20 × 31; the network needs 20 × 30."),
        (
            {"head.a.weight": np.zeros((20, 30), np.int8)},
            "head.a.weight holds int8 numbers; the network needs floating",
        ),
        ({"head.a.running_mean": np.full(20, np.nan)}, "head.a.running_mean holds numbers that are not finite"),
        ({"head.a.weight": np.array(1.0)}, "has shape of a single number; the network needs 20 × 30."),
    ],
)
def test_tensors_that_do_not_fit_are_named(change: dict[str, NDArray[Any] | None], said: str) -> None:
    tensors = {name: tensor for name, tensor in {**TENSORS, **change}.items() if tensor is not None}
    with pytest.raises(WeightsError) as caught:
        check_tensors(tensors, SHAPES, path=Path("file.pth"))
    assert said in str(caught.value)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_tensors_that_fit_are_accepted_and_left_as_they_are(kind: type[np.floating[Any]]) -> None:
    """In any order and of any floating point; the counter may be whole."""
    tensors = {name: TENSORS[name].astype(kind) for name in reversed(TENSORS)}
    tensors["head.a.num_batches_tracked"] = TENSORS["head.a.num_batches_tracked"]
    given = {name: tensor.copy() for name, tensor in tensors.items()}
    check_tensors(tensors, SHAPES, path=Path("file.pth"))
    assert equal(tensors, given)
    assert list(tensors) == list(given)
