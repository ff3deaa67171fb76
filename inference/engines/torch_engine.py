"""PyTorch on the CPU, on a CUDA device (half precision, CUDA graphs) or on mps, and the reading of its checkpoints."""

from __future__ import annotations

import pickle
import re
import struct
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inference.downloads import LARGEST, size_text
from inference.engines.devices import cuda_devices
from inference.engines.engine import Answer, OutOfMemory, is_out_of_memory
from inference.errors import EngineError, WeightsError, first_line
from inference.files import shown
from inference.models import ModelCard
from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import NetworkConfig
from inference.weights import Tensors, check_tensors, load_tensors

_NESTS = ("model", "state_dict")
_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")  # what torch says it would have had to import
_WHOLE_NUMBERS = frozenset({torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64})
# What reading a damaged file raises, besides pickle's own error.
_DAMAGE = (RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError, OSError, struct.error)


Answers = tuple[torch.Tensor, torch.Tensor]


class TorchEngine:
    """A network as it is written: float32 on the CPU and on mps, half precision on CUDA."""

    name = "torch"
    at_once = 1  # each calling thread would get processors of its own

    def __init__(self, card: ModelCard, device: str, *, reason: str, may_export: bool = False) -> None:
        """Nothing is ever exported here; `may_export` is taken because engines are all made alike."""
        self.device = device
        self.reason = reason
        weights = card.weights()
        if weights.suffix.lower() == ".onnx" or not isinstance(card.network, NetworkConfig):
            needed = "an ONNX graph needs ONNX Runtime or OpenVINO"
            raise EngineError(f"PyTorch cannot run {shown(weights)}: {needed}.", lasting=False)
        check_device(device)
        tensors = load_tensors(weights)
        try:
            network = BiSeNetFormer(card.network)
            shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
            check_tensors(tensors, shapes, path=weights)
            network.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()}, strict=True)
            network = network.eval().to(device)
            # A tenth less time for convolutions, and the layout in which a photo comes; torch's types do not know it.
            self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            self._precisions = precisions_for(device)
        except (RuntimeError, MemoryError) as error:
            raise self._gave_up(error) from error
        self._graphs = Graphs(self._compute) if device.startswith("cuda") else None

    def run(self, image: NDArray[np.uint8]) -> Answer:
        """See `Engine.run`."""
        try:
            with torch.inference_mode():
                pixels = torch.tensor(image, device=self.device).permute(2, 0, 1)[None].float()
                return self._settled(pixels)
        except (RuntimeError, MemoryError) as error:
            raise self._gave_up(error) from error

    def _settled(self, pixels: torch.Tensor) -> Answer:
        """The answer in the quickest precision whose numbers are finite; one that overflowed is not used again."""
        while True:
            class_probs, mask_probs = (self._graphs or self._compute)(pixels)
            answer = class_probs[0].float().cpu().numpy(), mask_probs[0].float().cpu().numpy()
            if len(self._precisions) == 1 or all(np.isfinite(part).all() for part in answer):
                return answer
            self._precisions = self._precisions[1:]
            if self._graphs is not None:
                self._graphs = Graphs(self._compute)

    def _compute(self, pixels: torch.Tensor) -> Answers:
        precision = self._precisions[0]
        # Inside a graph there is nobody to free what autocast would cache.
        half = torch.autocast("cuda", precision, enabled=precision != torch.float32, cache_enabled=False)
        with half:
            answers: Answers = self._network(pixels)
        return answers

    def _gave_up(self, error: RuntimeError | MemoryError) -> EngineError:
        if not is_out_of_memory(error):
            return EngineError(f"PyTorch failed on {self.device}: {first_line(error)}")
        if getattr(self, "_graphs", None) is not None:
            self._graphs = None  # each of them keeps memory of its own
            torch.cuda.empty_cache()
        return OutOfMemory(f"PyTorch failed on {self.device}: {first_line(error)}")


def check_device(device: str) -> None:
    """Raise `EngineError`, with the way to mend it, where this PyTorch or the driver knows no such device."""
    if device == "mps" and not torch.backends.mps.is_available():
        raise EngineError("PyTorch cannot use mps here: it needs macOS 12.3 and a build of PyTorch for it.")
    if not device.startswith("cuda") or torch.cuda.is_available():
        return
    if torch.version.cuda is None:
        fix = "Install a PyTorch with CUDA: https://pytorch.org/get-started/locally"
        raise EngineError("PyTorch finds no CUDA device: this build of it was made without CUDA.", fix=fix)
    driver = cuda_devices().driver
    offered = f"the driver ({driver})" if driver else "the driver"
    raise EngineError(
        f"PyTorch finds no CUDA device: it was built for CUDA {torch.version.cuda}, and {offered} does not go with it.",
        fix="Install a newer NVIDIA driver, or a PyTorch for an older CUDA: https://pytorch.org/get-started/locally",
    )


def precisions_for(device: str) -> tuple[torch.dtype, ...]:
    """The number formats to use, the first as long as nothing overflows in it.

    Half precision has eight times the resolution of bfloat16, whose labels differ on five times as many pixels; its
    range is smaller, so a network may overflow. Cards before compute capability 7 are slower in it.
    """
    if not device.startswith("cuda"):
        return (torch.float32,)
    capability = torch.cuda.get_device_capability(device)
    if capability >= (8, 0):
        return (torch.float16, torch.bfloat16, torch.float32)
    return (torch.float16, torch.float32) if capability >= (7, 0) else (torch.float32,)


class Graphs:
    """Replays the kernels of a network for pictures of one size, where launching them one by one takes longer than
    running them. A size is recorded when it has come up often enough; what differs from the network's own answer, is
    not quicker, or cannot be recorded, is left alone from then on."""

    AFTER = 3  # pictures of a size
    MOST = 4  # sizes; each recording keeps memory

    def __init__(
        self,
        compute: Callable[[torch.Tensor], Answers],
        *,
        record: Callable[[Callable[[torch.Tensor], Answers], torch.Tensor], Callable[[torch.Tensor], Answers]]
        | None = None,
        seconds: Callable[[Callable[[], object]], float] | None = None,
    ) -> None:
        """`record` and `seconds` are those of CUDA, unless a test brings others."""
        self._compute = compute
        self._record = record or record_graph
        self._seconds = seconds or seconds_on_cuda
        self._seen: Counter[torch.Size] = Counter()
        self._recorded: dict[torch.Size, Callable[[torch.Tensor], Answers]] = {}

    def __call__(self, pixels: torch.Tensor) -> Answers:
        """(1, 3, H, W) float32 → what the network answers. What comes out is overwritten by the next call."""
        size = pixels.shape
        if (replay := self._recorded.get(size)) is not None:
            return replay(pixels)
        answers = self._compute(pixels)
        self._seen[size] += 1
        if self._seen[size] == self.AFTER and len(self._recorded) < self.MOST:
            self._try_to_record(pixels, answers)
        return answers

    def _try_to_record(self, pixels: torch.Tensor, answers: Answers) -> None:
        try:
            replay = self._record(self._compute, pixels)
            same = all(torch.allclose(a, b, atol=1e-3) for a, b in zip(replay(pixels), answers, strict=True))
            pays = same and self._seconds(lambda: replay(pixels)) < self._seconds(lambda: self._compute(pixels))
        except (RuntimeError, MemoryError):
            return  # the network itself has just answered: nothing is lost
        if pays:
            self._recorded[pixels.shape] = replay


def record_graph(compute: Callable[[torch.Tensor], Answers], pixels: torch.Tensor) -> Callable[[torch.Tensor], Answers]:
    """A CUDA graph of one computation, as a function. Raises `RuntimeError` for what cannot be recorded."""
    given = pixels.clone()
    beside = torch.cuda.Stream(pixels.device)  # type: ignore[no-untyped-call]
    beside.wait_stream(torch.cuda.current_stream(pixels.device))
    with torch.cuda.stream(beside):  # libraries choose their algorithms and take their memory before the recording
        for _ in range(3):
            compute(given)
    torch.cuda.current_stream(pixels.device).wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=beside):
        answers = compute(given)

    def replay(pixels: torch.Tensor) -> Answers:
        given.copy_(pixels)
        graph.replay()
        return answers

    return replay


def seconds_on_cuda(work: Callable[[], object]) -> float:
    """How long one call takes on the current CUDA device, the best of five."""
    times = []
    for _ in range(5):
        torch.cuda.synchronize()
        started = time.perf_counter()
        work()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
    return min(times)


def load_checkpoint(path: Path) -> Tensors:
    """The tensors of a `.pth` or `.pt` file, bare or nested under `model` or `state_dict`, as numpy arrays.

    Only plain data is unpickled (`weights_only=True`, without a fallback), so nothing in the file can run. Raises
    `WeightsError`.
    """
    _check_unpacked(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch tells about old formats, which are fine
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(_why_not_unpickled(path, str(error))) from error
    except _DAMAGE as error:
        raise WeightsError(f"{shown(path)} is cut off or is not a PyTorch checkpoint.") from error
    for nest in _NESTS:
        if isinstance(content, Mapping) and isinstance(content.get(nest), Mapping):
            content = content[nest]
            break
    if not isinstance(content, Mapping):
        raise WeightsError(f"{shown(path)} holds no table of tensors by name.")
    if foreign := [name for name, value in content.items() if not isinstance(value, torch.Tensor)]:
        raise WeightsError(f"{shown(path)} is not a table of tensors: {foreign[0]!r} is something else.")
    return {str(name): _array(tensor, told_as=f"{shown(path)}: {name}") for name, tensor in content.items()}


def _check_unpacked(path: Path) -> None:
    """Raise `WeightsError` for a small file that would take all memory: PyTorch packs nothing, but it unpacks."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return  # another format, or a damage that is told by whoever reads it
    if size > LARGEST:
        raise WeightsError(f"{shown(path)} holds more than {size_text(LARGEST)}.")


def _array(tensor: torch.Tensor, *, told_as: str) -> NDArray[Any]:
    """A dense tensor of real numbers as a numpy array, floating point as float32. Raises `WeightsError`."""
    kind = str(tensor.dtype).removeprefix("torch.")
    stored = str(tensor.layout).removeprefix("torch.").removesuffix("_coo").replace("_", " ")
    if tensor.layout != torch.strided or tensor.is_nested:
        raise WeightsError(f"{told_as} is stored as {stored}; save it as a dense tensor.")
    if tensor.device.type != "cpu":
        raise WeightsError(f"{told_as} has no numbers: it was saved from the {tensor.device.type} device.")
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise WeightsError(f"{told_as} claims more numbers than the file holds.")  # before memory is asked for them
    if not (tensor.is_floating_point() or tensor.dtype in _WHOLE_NUMBERS):
        raise WeightsError(f"{told_as} holds {kind} numbers, which cannot be read; save it as float32.")
    tensor = tensor.detach()
    array: NDArray[Any] = (tensor.float() if tensor.is_floating_point() else tensor).contiguous().numpy()
    return array


def _why_not_unpickled(path: Path, said: str) -> str:
    with path.open("rb") as file:
        is_pickle = file.read(1) == b"\x80"
    if (found := _GLOBAL.search(said)) or (is_pickle and "Unsupported operand" in said):
        what = f"something beside tensors ({found[1]})" if found else "something beside tensors"
        return f"{shown(path)} holds {what} that is not loaded for safety; nothing in it was run."
    return f"{shown(path)} is cut off or is not a PyTorch checkpoint."
