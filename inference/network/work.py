"""How much work a network is for one picture, counted from the shapes of what it really computes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import NetworkConfig


@dataclass(frozen=True, kw_only=True)
class Work:
    """What any engine has to do that computes layer by layer in float32.

    `operations`: floating point operations of all convolutions and matrix products, two for each multiplication with
    its addition. `traffic`: bytes, each of these reads what goes in and its weights once, and writes what comes out
    once; whatever lies between them (activations, normalisation) is free, since engines fuse it.
    """

    operations: int
    traffic: int


@lru_cache(maxsize=16)
def work_of(config: NetworkConfig, *, height: int, width: int) -> Work:
    """The work for one picture of this size. Nothing is computed: the tensors have shapes and no numbers.

    The first time takes a second."""
    with torch.device("meta"), torch.no_grad(), _Counting() as counted:
        BiSeNetFormer(config).eval()(torch.empty(1, 3, height, width))
    return Work(operations=counted.operations, traffic=counted.traffic)


class _Counting(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch has no types for it
    """Sees every operation below the modules, where all products are convolutions or products of matrices."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations = 0
        self.traffic = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        output = function(*args, **(kwargs or {}))
        formula = flop_registry.get(function.overloadpacket)
        if formula is not None:
            self.operations += formula(*args, **(kwargs or {}), out_val=output)
            self.traffic += sum(tensor.numel() * tensor.element_size() for tensor in _tensors([*args, output]))
        return output


def _tensors(values: Sequence[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)
