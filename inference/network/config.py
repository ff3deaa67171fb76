"""What distinguishes one BiSeNetFormer from another, and how to tell them apart by their tensors. No torch here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, assert_never

from inference.errors import WeightsError
from inference.network.stages import Stage, scaled

Triple = tuple[float, float, float]

CRITERION_PREFIX = "head.criterion."
"""Published checkpoints carry one tensor of the training loss under this prefix; it is no part of the network."""


class Backbone(StrEnum):
    """The convolutional trunk that turns a picture into features at strides 4, 8, 16 and 32."""

    STDC1 = "stdc1"
    STDC2 = "stdc2"
    LITE0 = "lite0"
    LITE1 = "lite1"
    LITE2 = "lite2"


_LARGEST = {
    "feature_width": 4096,
    "decoder_layers": 100,
    "ffn_width": 65_536,
    "hidden_width": 8192,
    "heads": 512,
    "queries": 10_000,
    "classes": 10_000,
}
"""Far beyond any network of this kind; a card that asks for more would only fill the memory."""


class UnknownNetworkError(WeightsError):
    """The tensors are not those of a BiSeNetFormer this package can build."""


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """Everything needed to build a network; two equal configurations have the same tensor names and shapes.

    `feature_width` is the width of the fused features (`pixel_decoder_feat_dim` of the published models).
    `pixel_mean` and `pixel_std` are in RGB order on the scale 0..255; the network applies them itself.
    """

    backbone: Backbone
    feature_width: int
    decoder_layers: int
    ffn_width: int
    hidden_width: int = 256
    heads: int = 8
    queries: int = 100
    classes: int = 150
    pixel_mean: Triple = (123.675, 116.28, 103.53)
    pixel_std: Triple = (58.395, 57.12, 57.375)

    def to_dict(self) -> dict[str, Any]:
        """The configuration as JSON-ready values, as a model card carries it."""
        plain = {"backbone": self.backbone.value, "pixel_mean": [*self.pixel_mean], "pixel_std": [*self.pixel_std]}
        return asdict(self) | plain

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> NetworkConfig:
        """The inverse of `to_dict`. Raises `UnknownNetworkError` on unknown or missing keys and on wrong values."""
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise UnknownNetworkError(f"The network configuration has an unknown entry: {unknown[0]}.")
        required = [field.name for field in fields(cls) if field.default is MISSING]
        if missing := [name for name in required if name not in values]:
            raise UnknownNetworkError(f"The network configuration lacks the entry {missing[0]}.")
        try:
            converted = {
                **values,
                "backbone": Backbone(values["backbone"]),
                **{name: _triple(values[name], name) for name in ("pixel_mean", "pixel_std") if name in values},
            }
            config = cls(**converted)
        except ValueError as error:
            raise UnknownNetworkError(f"The network configuration is not usable: {error}.") from error
        sizes = {field.name: getattr(config, field.name) for field in fields(cls) if field.type == "int"}
        for name, size in sizes.items():
            if not isinstance(size, int) or isinstance(size, bool) or size < 1:
                raise UnknownNetworkError(
                    f"The network configuration needs a positive number for {name}, not {size!r}."
                )
            if size > _LARGEST[name]:
                raise UnknownNetworkError(f"The network configuration has {name} beyond {_LARGEST[name]}.")
        if config.hidden_width % config.heads or config.hidden_width % 4:
            raise UnknownNetworkError("The network configuration needs a hidden_width that heads and 4 divide.")
        return config


def _triple(values: Any, name: str) -> Triple:
    try:
        red, green, blue = (float(value) for value in values)
        if not all(map(math.isfinite, (red, green, blue))):
            raise ValueError(values)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} should be three numbers") from error
    return red, green, blue


_M_LITE = NetworkConfig(
    backbone=Backbone.LITE0,
    feature_width=96,
    decoder_layers=4,
    ffn_width=512,
    pixel_mean=(127.0, 127.0, 127.0),
    pixel_std=(128.0, 128.0, 128.0),
)

CONFIGS: Mapping[str, NetworkConfig] = {
    "bisenetformer-s": NetworkConfig(backbone=Backbone.STDC1, feature_width=128, decoder_layers=6, ffn_width=1024),
    "bisenetformer-m": NetworkConfig(backbone=Backbone.STDC2, feature_width=96, decoder_layers=4, ffn_width=512),
    "bisenetformer-l": NetworkConfig(backbone=Backbone.STDC2, feature_width=128, decoder_layers=6, ffn_width=1024),
    "bisenetformer-m-lite": _M_LITE,
    "bisenetformer-m-lite1": replace(_M_LITE, backbone=Backbone.LITE1),
    "bisenetformer-m-lite2": replace(_M_LITE, backbone=Backbone.LITE2),
}


def stdc_depths(backbone: Backbone) -> tuple[int, int, int]:
    """Blocks in each of the three stages of an STDC backbone. Raises `ValueError` for a backbone that has none."""
    match backbone:
        case Backbone.STDC1:
            return 2, 2, 2
        case Backbone.STDC2:
            return 4, 5, 3
        case Backbone.LITE0 | Backbone.LITE1 | Backbone.LITE2:
            raise ValueError("The lite backbones are not built from STDC stages.")
        case _:
            assert_never(backbone)


def lite_stages(backbone: Backbone) -> tuple[Stage, ...]:
    """The stages of a lite backbone. Raises `ValueError` for a backbone that has none."""
    match backbone:
        case Backbone.LITE0:
            return scaled(width=1.0, depth=1.0)
        case Backbone.LITE1:
            return scaled(width=1.0, depth=1.1)
        case Backbone.LITE2:
            return scaled(width=1.1, depth=1.2)
        case Backbone.STDC1 | Backbone.STDC2:
            raise ValueError("The STDC backbones are not built from lite stages.")
        case _:
            assert_never(backbone)


def recognise(shapes: Mapping[str, tuple[int, ...]]) -> NetworkConfig:
    """Find the named configuration that a set of tensors belongs to, from their names and shapes alone.

    Only what tells the sizes apart is read; a missing or misshapen tensor elsewhere is for the strict loader to name.
    Raises `UnknownNetworkError` when no configuration in `CONFIGS` fits.
    """
    traits = (
        _backbone_of(shapes),
        _length(shapes, "pixel_decoder.conv_out.conv.weight"),
        sum(name.endswith(".linear1.weight") and name.startswith("head.predictor.") for name in shapes),
        _length(shapes, "head.predictor.transformer_ffn_layers.0.linear1.weight"),
        _length(shapes, "head.predictor.query_feat.weight"),
        _length(shapes, "head.predictor.forward_prediction_heads.classifier.weight") - 1,
    )
    for config in CONFIGS.values():
        sizes = (config.feature_width, config.decoder_layers, config.ffn_width, config.queries, config.classes)
        if traits == (config.backbone, *sizes):
            return config
    *known, last = (name.removeprefix("bisenetformer-") for name in CONFIGS)
    raise UnknownNetworkError(
        f"These weights do not belong to a BiSeNetFormer of size {', '.join(known)} or {last} for ADE20K."
    )


def _backbone_of(shapes: Mapping[str, tuple[int, ...]]) -> Backbone | None:
    for backbone in (Backbone.LITE2, Backbone.LITE1, Backbone.LITE0):
        stages = lite_stages(backbone)
        last = sum(stage.repeats for stage in stages) - 1
        if _length(shapes, f"pixel_decoder.backbone.net._blocks.{last}._project_conv.weight") == stages[-1].width:
            return backbone
    for backbone in (Backbone.STDC2, Backbone.STDC1):
        last = 1 + sum(stdc_depths(backbone))
        if f"pixel_decoder.backbone.features.{last}.conv_list.0.conv.weight" in shapes:
            return backbone
    return None


def _length(shapes: Mapping[str, tuple[int, ...]], name: str) -> int:
    shape = shapes.get(name, ())
    return shape[0] if shape else 0
