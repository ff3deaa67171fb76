"""PyTorch on the CPU (float32) or a CUDA device (half precision), and the reading of PyTorch checkpoints."""

from __future__ import annotations

import pickle
import re
import struct
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inference.errors import EngineError, WeightsError, first_line
from inference.files import shown
from inference.models import ModelCard
from inference.network.bisenetformer import BiSeNetFormer
from inference.weights import Tensors, check_tensors, load_tensors

_NESTS = ("model", "state_dict")
_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")  # what torch says it would have had to import
_WHOLE_NUMBERS = frozenset({torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64})
# What reading a damaged file raises, besides pickle's own error.
_DAMAGE = (RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError, OSError, struct.error)


class TorchEngine:
    """A network as it is written, with autocast to half precision on CUDA."""

    name = "torch"
    at_once = 1  # each calling thread would get processors of its own

    def __init__(self, card: ModelCard, device: str, *, reason: str) -> None:
        self.device = device
        self.reason = reason
        weights = card.weights()
        if weights.suffix.lower() == ".onnx":
            raise EngineError(f"PyTorch cannot run {shown(weights)}: an ONNX graph needs ONNX Runtime.")
        if device != "cpu" and not torch.cuda.is_available():
            raise EngineError("PyTorch finds no CUDA device: this build of it, or the driver, does not support one.")
        tensors = load_tensors(weights)
        try:
            network = BiSeNetFormer(card.own_network)
            shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
            check_tensors(tensors, shapes, path=weights)
            network.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()}, strict=True)
            network = network.eval().to(device)
            # A tenth less time for convolutions, and the layout in which a photo comes; torch's types do not know it.
            self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        except (RuntimeError, MemoryError) as error:
            raise self._gave_up(error) from error

    def run(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See `Engine.run`."""
        try:
            with torch.inference_mode(), torch.autocast("cuda", torch.float16, enabled=self.device != "cpu"):
                pixels = torch.tensor(image, device=self.device).permute(2, 0, 1)[None].float()
                class_probs, mask_probs = self._network(pixels)
                return class_probs[0].float().cpu().numpy(), mask_probs[0].float().cpu().numpy()
        except (RuntimeError, MemoryError) as error:
            raise self._gave_up(error) from error

    def _gave_up(self, error: RuntimeError | MemoryError) -> EngineError:
        return EngineError(f"PyTorch failed on {self.device}: {first_line(error)}")


def load_checkpoint(path: Path) -> Tensors:
    """The tensors of a `.pth` or `.pt` file, bare or nested under `model` or `state_dict`, as numpy arrays.

    Only plain data is unpickled (`weights_only=True`, without a fallback), so nothing in the file can run. Raises
    `WeightsError`.
    """
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
