"""In which order engines and devices are tried, and what is refused before anything is."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.engines import ENGINES, LOCAL_ENGINES, devices, open_engine, versions
from inference.engines.devices import CudaDevices, cuda_fix, every_pair, processor, to_try
from inference.errors import EngineError
from tests.inference.engines.opening import STARTER


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> CudaDevices:
    card = CudaDevices(1, "", ("Fast Card",), "580.1, CUDA 13.0")
    monkeypatch.setattr(devices, "cuda_devices", lambda: card)
    monkeypatch.setattr(versions, "cuda_devices", lambda: card)
    return card


@pytest.mark.usefixtures("card")
def test_the_fastest_comes_first() -> None:
    assert to_try("auto", "auto") == (("torch", "cuda:0"), ("onnx", "cuda:0"), ("onnx", "cpu"), ("torch", "cpu"))
    assert to_try("onnx", "auto") == (("onnx", "cuda:0"), ("onnx", "cpu"))
    assert to_try("auto", "tensorrt") == (("onnx", "tensorrt:0"),)


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize("bfloat16", [True, False])
def test_openvino_comes_first_where_the_processor_knows_bfloat16(
    monkeypatch: pytest.MonkeyPatch,
    bfloat16: bool,  # noqa: FBT001 - a table's column
) -> None:
    monkeypatch.setattr(devices, "is_installed", lambda _engine: True)
    monkeypatch.setattr(devices, "cpu_has_bfloat16", lambda: bfloat16)
    first, second, last = (engine for engine, _ in to_try("auto", "cpu"))
    assert (first, second) == (("openvino", "onnx") if bfloat16 else ("onnx", "openvino"))
    assert last == "torch"


def test_an_extra_that_is_not_installed_is_only_tried_when_it_is_asked_for() -> None:
    assert "openvino" not in [engine for engine, _ in to_try("auto", "cpu")]
    assert to_try("openvino", "cpu") == (("openvino", "cpu"),)


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize(
    ("engine", "device", "title"), [("openvino", "cuda", "OpenVINO"), ("torch", "tensorrt", "PyTorch")]
)
def test_an_engine_that_does_not_know_a_device_says_so(engine: str, device: str, title: str) -> None:
    with pytest.raises(EngineError, match=f"^{title} does not work on {device}\\.$"):
        open_engine(STARTER, engine=engine, device=device)


def test_the_remote_engine_is_no_engine_of_this_machine() -> None:
    assert ("auto", *LOCAL_ENGINES, "remote") == ENGINES
    with pytest.raises(EngineError, match="no engine called remote here"):
        open_engine(STARTER, engine="remote")


def test_a_mac_has_mps_and_no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    monkeypatch.setattr(devices, "cuda_devices", lambda: CudaDevices(0, "there is no CUDA on this system"))
    assert to_try("auto", "auto")[0] == ("torch", "mps")
    assert to_try("auto", "mps") == (("torch", "mps"),)
    assert not any(device.startswith(("cuda", "tensorrt")) for _, device in every_pair())
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    with pytest.raises(EngineError, match="only Macs with Apple's own processor"):
        to_try("auto", "mps")


def test_a_card_without_a_driver_is_told_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(devices, "_PLUGGED_IN", tmp_path)
    monkeypatch.setattr(devices, "cuda_devices", lambda: CudaDevices(0, "no NVIDIA driver was found"))
    for name, vendor, kind in (("00:1f.3", "0x10de", "0x040300"), ("00:02.0", "0x8086", "0x030000")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "vendor").write_text(f"{vendor}\n", encoding="ascii")
        (tmp_path / name / "class").write_text(f"{kind}\n", encoding="ascii")
    assert cuda_fix() == ""
    (tmp_path / "00:1f.3" / "class").write_text("0x030200\n", encoding="ascii")
    assert "install NVIDIA's driver" in cuda_fix()
    with pytest.raises(EngineError) as refused:
        to_try("auto", "cuda")
    assert refused.value.fix == cuda_fix()


@pytest.mark.usefixtures("card")
def test_versions_name_program_library_device_and_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    said = versions.versions("torch", "cuda:0")
    assert "torch 2." in said
    assert said.endswith("Fast Card · driver 580.1, CUDA 13.0")
    assert versions.versions("onnx", "cpu").endswith(processor())
    assert "onnxruntime" in versions.versions("onnx", "cpu")
    monkeypatch.setattr(versions, "version", {"ade-mask-studio": "7.1", "torch": "2.99"}.__getitem__)
    assert versions.versions("torch", "cuda:0").startswith("ade-mask-studio 7.1 · torch 2.99 · Fast Card")


def test_libraries_that_came_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions.sysconfig, "get_path", lambda _name: str(tmp_path))
    before = versions.environment()
    assert versions.environment() == before
    (tmp_path / "nvidia").mkdir()
    installed = versions.environment()
    assert installed != before
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/cuda/lib64")
    led_elsewhere = versions.environment()
    assert led_elsewhere not in (before, installed)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert versions.environment() not in (before, installed, led_elsewhere)
