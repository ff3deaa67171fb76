"""From the network to ONNX graphs without weights: `python -m inference.engines.onnx_export` re-makes those shipped.

To be run when the network's code changes, never because weights changed.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxscript import ir, optimizer

from inference.graphs import EXPORT_VERSION, INPUT, OUTPUTS, Graph
from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import CONFIGS, NetworkConfig

OPSET = 18
_EXAMPLE = (1, 3, 256, 320)  # any size: height and width stay free


def export_graph(config: NetworkConfig) -> Graph:
    """The network as ONNX: `images` (1, 3, H, W) float32 RGB 0..255, any H and W from 32 → `class_probs` (1, 100, 150)
    and `mask_probs` (1, 100, H/8, W/8) float32. Normalisation and both activations are inside, weights are not."""
    network = BiSeNetFormer(config).eval()
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    model = _exported(network)
    weights = _weights_to_inputs(model, set(shapes))
    # Weights are inputs while the graph is simplified, so that nothing is folded into them.
    optimizer.optimize_ir(model, num_iterations=4, onnx_shape_inference=True)
    for value in weights:
        model.graph.inputs.remove(value)
    proto = ir.to_proto(model)
    for value in weights:
        _declare(proto, value)
    _strip(proto)
    graph = Graph(proto.SerializeToString(), shapes)
    declared = {tensor.name for tensor in proto.graph.initializer if tensor.data_location == onnx.TensorProto.EXTERNAL}
    if declared != set(graph.initializers()):
        raise RuntimeError(f"The graph and the checkpoint differ in {sorted(declared ^ set(graph.initializers()))}.")
    return graph


def _exported(network: BiSeNetFormer) -> ir.Model:
    dynamic = {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it tells at length that torchvision is not there
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations between torch and its own parts
        program = torch.onnx.export(
            network,
            (torch.zeros(_EXAMPLE),),
            dynamo=True,
            dynamic_shapes={"images": dynamic},
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            opset_version=OPSET,
            optimize=False,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch.onnx.export returned nothing.")
    model: ir.Model = program.model
    return model


def _weights_to_inputs(model: ir.Model, names: set[str]) -> list[Any]:
    """Turn every initializer that comes from the checkpoint into an input of the graph."""
    values = [value for name, value in model.graph.initializers.items() if name in names]
    for value in values:
        tensor = value.const_value
        if tensor is None or value.name is None:
            raise RuntimeError(f"The exporter left the weight {value.name} without a value.")
        model.graph.initializers.pop(value.name)
        value.const_value, value.shape, value.type = None, ir.Shape(tensor.shape.numpy()), ir.TensorType(tensor.dtype)
        model.graph.inputs.append(value)
    return values


def _declare(proto: onnx.ModelProto, value: Any) -> None:
    """Say that a weight exists, with its type and shape, and that its numbers are elsewhere."""
    tensor = proto.graph.initializer.add()
    tensor.name, tensor.data_type = value.name, int(value.dtype)
    tensor.dims.extend(int(length) for length in value.shape)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "given when the session is made"


def _strip(proto: onnx.ModelProto) -> None:
    """Take out what only the debugging of the exporter needs."""
    del proto.graph.value_info[:]
    del proto.graph.metadata_props[:]
    proto.graph.doc_string = ""
    for node in proto.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*proto.graph.input, *proto.graph.output):
        del value.metadata_props[:]


def main(folder: Path) -> int:
    """Write graph and tensor list of every known network into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, config in CONFIGS.items():
        graph = export_graph(config)
        listed = {
            "version": EXPORT_VERSION,
            "tensors": {tensor: list(shape) for tensor, shape in graph.tensors.items()},
        }
        (folder / f"{name}.onnx").write_bytes(graph.content)
        (folder / f"{name}.json").write_text(json.dumps(listed, separators=(",", ":")) + "\n", encoding="utf-8")
        sys.stdout.write(f"{name}: {len(graph.content) // 1024} KiB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "resources" / "graphs"))
