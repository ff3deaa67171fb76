"""Tiny ONNX models of other people, of every kind that is understood and of kinds that are not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
CARD = {"name": "mine", "input_size": 64, "network": {"kind": "onnx", "mean": MEAN, "std": STD}}


@dataclass(frozen=True, kw_only=True)
class Tiny:
    """A convolution from colours to classes; what else is in the graph depends on the fields."""

    channels: int = 150
    stride: int = 4
    size: tuple[int | None, int | None] = (None, None)
    batch: int | None = 1
    half: bool = False
    softmax: bool = False
    classes_last: bool = False
    copies: int = 1  # outputs
    likely: int | None = None  # a channel that wins more than its share
    seed: int = 0

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        random = np.random.default_rng(self.seed)
        kernel = random.standard_normal((self.channels, 3, self.stride, self.stride)) * 4 / self.stride
        shift = random.standard_normal(self.channels)
        if self.likely is not None:
            shift[self.likely] += 20
        return kernel.astype(np.float32), shift.astype(np.float32)

    def save(self, path: Path) -> Path:
        kind = np.float16 if self.half else np.float32
        kernel, shift = (array.astype(kind) for array in self.weights())
        last = ["conv"]
        nodes = [helper.make_node("Conv", ["pixels", "kernel", "shift"], ["conv"], strides=[self.stride] * 2)]
        if self.softmax:
            nodes.append(helper.make_node("Softmax", [last[-1]], ["soft"], axis=1))
            last.append("soft")
        if self.classes_last:
            nodes.append(helper.make_node("Transpose", [last[-1]], ["turned"], perm=[0, 2, 3, 1]))
            last.append("turned")
        names = [f"out{number}" for number in range(self.copies)]
        nodes += [helper.make_node("Identity", [last[-1]], [name]) for name in names]
        number = TensorProto.FLOAT16 if self.half else TensorProto.FLOAT
        taken = helper.make_tensor_value_info("pixels", number, [self.batch, 3, *self.size])
        given = [helper.make_tensor_value_info(name, number, [None] * 4) for name in names]
        held = [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(shift, "shift")]
        return save(path, nodes, [taken], given, held)

    def planes(self, pixels: np.ndarray) -> np.ndarray:
        """What the graph gives for (H, W, 3) normalised pixels, sides multiples of the stride: (channels, h, w)."""
        kernel, shift = self.weights()
        rows, columns = (side // self.stride for side in pixels.shape[:2])
        cells = pixels.reshape(rows, self.stride, columns, self.stride, 3)
        logits = np.einsum("ykxlc,nckl->nyx", cells, kernel) + shift[:, None, None]
        return softmax(logits) if self.softmax else logits


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=0))
    return powers / powers.sum(axis=0)


def save(
    path: Path, nodes: Sequence[Any], taken: Sequence[Any], given: Sequence[Any], held: Sequence[Any] = ()
) -> Path:
    """A model of these nodes, inputs, outputs and weights as a file."""
    graph = helper.make_graph(list(nodes), "tiny", list(taken), list(given), list(held))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def constants(path: Path, *arrays: np.ndarray, taken: Sequence[int | None] = (1, 3, None, None), kind: int = 1) -> Path:
    """A model that takes a picture and always gives the same arrays."""
    # OpenVINO leaves out an input that nothing depends on.
    nodes = [
        helper.make_node("Cast", ["pixels"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMin", ["numbers"], ["least"], keepdims=0),
        helper.make_node("Constant", [], ["zero"], value=numpy_helper.from_array(np.float32(0))),
        helper.make_node("Mul", ["least", "zero"], ["nothing"]),
    ]
    given = []
    for number, array in enumerate(arrays):
        name, of_kind = f"out{number}", helper.np_dtype_to_tensor_dtype(array.dtype)
        nodes += [
            helper.make_node("Constant", [], [f"{name}_is"], value=numpy_helper.from_array(array)),
            helper.make_node("Cast", ["nothing"], [f"{name}_plus"], to=of_kind),
            helper.make_node("Add", [f"{name}_is", f"{name}_plus"], [name]),
        ]
        given.append(helper.make_tensor_value_info(name, of_kind, array.shape))
    return save(path, nodes, [helper.make_tensor_value_info("pixels", kind, list(taken))], given)


def with_card(path: Path, **network: Any) -> Path:
    """The file, after a card was put beside it; entries of its network may be changed."""
    path.with_suffix(".json").write_text(json.dumps({**CARD, "network": {**CARD["network"], **network}}))
    return path
