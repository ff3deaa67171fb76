"""The transformer decoder of Mask2Former (arXiv 2112.01527) as BiSeNetFormer uses it: 100 queries look for segments.

N pictures, Q queries, C = hidden width, d = feature width, L = positions of one feature level.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.network.config import NetworkConfig
from inference.network.paths import PixelFeatures

LEVELS = 2  # stride 32, then stride 16, alternating from layer to layer
POSITION_TEMPERATURE = 10000.0
POSITION_EPS = 1e-6


def position_code(level: Tensor, width: int) -> Tensor:
    """Sine code of every position of a level: (N, d, h, w) → (1, h·w, width), the first half for y, the second for x.

    Coordinates run over (0, 2π]; frequencies fall geometrically; sines and cosines alternate.
    """
    features = width // 2
    index = torch.arange(features, device=level.device, dtype=torch.float32)
    periods = POSITION_TEMPERATURE ** (2 * torch.div(index, 2, rounding_mode="floor") / features)

    def axis_code(length: int) -> Tensor:
        place = torch.arange(1, length + 1, device=level.device, dtype=torch.float32)
        angle = place[:, None] / (length + POSITION_EPS) * (2 * math.pi) / periods  # (length, features)
        return torch.stack((angle[:, 0::2].sin(), angle[:, 1::2].cos()), dim=2).flatten(1)

    height, width_ = level.shape[-2:]
    y = axis_code(height)[:, None, :].expand(height, width_, features)
    x = axis_code(width_)[None, :, :].expand(height, width_, features)
    return torch.cat((y, x), dim=2).reshape(1, height * width_, width).to(level.dtype)


class MultiHeadAttention(nn.Module):
    """Scaled dot-product attention; one packed input projection, as `torch.nn.MultiheadAttention` names it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, visible: Tensor | None = None) -> Tensor:
        """(N, Q, C), (N, L, C), (N, L, C) → (N, Q, C); `visible` (N, Q, L) bool says who may look where."""
        weights, biases = self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)
        q, k, v = (
            F.linear(x, weight, bias).reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)  # (N, heads, ·, C/heads)
            for x, weight, bias in zip((query, key, value), weights, biases, strict=True)
        )
        mask = None if visible is None else visible[:, None]  # the same for every head
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        output: Tensor = self.out_proj(mixed.transpose(1, 2).flatten(2))
        return output


class CrossAttentionLayer(nn.Module):
    """Queries read a feature level. Normalised before, added after; positions enter queries and keys only."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.multihead_attn = MultiHeadAttention(width, heads)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, x_position: Tensor, source: Tensor, position: Tensor, visible: Tensor) -> Tensor:
        """(N, Q, C), (1, Q, C), (N, L, C), (1, L, C), all float, and (N, Q, L) bool → (N, Q, C) float."""
        update: Tensor = self.multihead_attn(self.norm(x) + x_position, source + position, source, visible)
        return x + update


class SelfAttentionLayer(nn.Module):
    """Queries read each other."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.self_attn = MultiHeadAttention(width, heads)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, x_position: Tensor) -> Tensor:
        """(N, Q, C) and (1, Q, C), both float → (N, Q, C) float."""
        y = self.norm(x)
        update: Tensor = self.self_attn(y + x_position, y + x_position, y)
        return x + update


class FeedForwardLayer(nn.Module):
    """Each query by itself: two linear layers with ReLU between. Normalised before, added after."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(width, inner)
        self.linear2 = nn.Linear(inner, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, Q, C) float → (N, Q, C) float."""
        update: Tensor = self.linear2(F.relu(self.linear1(self.norm(x))))
        return x + update


class MaskEmbedding(nn.Module):
    """Three linear layers: (N, Q, C) → (N, Q, d), to be multiplied with the mask features."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, outputs)])

    def forward(self, x: Tensor) -> Tensor:
        """(N, Q, C) float → (N, Q, d) float."""
        first, second, last = self.layers
        embedding: Tensor = last(F.relu(second(F.relu(first(x)))))
        return embedding


class HeadOutput(NamedTuple):
    """What the queries say at one point of the decoder, before any activation."""

    class_logits: Tensor  # (N, Q, classes + 1), the last one = no object
    mask_logits: Tensor  # (N, Q, H/8, W/8)


class PredictionHeads(nn.Module):
    """Class and mask of every query; used on the initial queries and after every layer."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.decoder_norm = nn.LayerNorm(config.hidden_width)
        self.classifier = nn.Linear(config.hidden_width, config.classes + 1)
        self.mask_classifier = MaskEmbedding(config.hidden_width, config.feature_width)

    def forward(self, x: Tensor, mask_features: Tensor) -> HeadOutput:
        """(N, Q, C) and (N, d, H/8, W/8), both float → logits (N, Q, classes + 1) and (N, Q, H/8, W/8), float."""
        x = self.decoder_norm(x)
        mask_logits = torch.einsum("nqd,ndhw->nqhw", self.mask_classifier(x), mask_features)
        return HeadOutput(self.classifier(x), mask_logits)


def visible_positions(mask_logits: Tensor, level: Tensor) -> Tensor:
    """Where each query may look in a level: inside its own mask, or everywhere if that is empty. (N, Q, L) bool.

    The decision is a threshold, so no gradient passes through it.
    """
    resized = F.interpolate(mask_logits.detach(), size=level.shape[-2:], mode="bilinear", align_corners=False)
    inside = resized.flatten(2) >= 0
    return inside | ~inside.any(dim=2, keepdim=True)


class QueryDecoder(nn.Module):
    """Refine the learned queries against the two coarse levels, layer by layer."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        width, heads, layers = config.hidden_width, config.heads, range(config.decoder_layers)
        self.transformer_self_attention_layers = nn.ModuleList([SelfAttentionLayer(width, heads) for _ in layers])
        self.transformer_cross_attention_layers = nn.ModuleList([CrossAttentionLayer(width, heads) for _ in layers])
        self.transformer_ffn_layers = nn.ModuleList([FeedForwardLayer(width, config.ffn_width) for _ in layers])
        self.query_feat = nn.Embedding(config.queries, width)
        self.query_embed = nn.Embedding(config.queries, width)
        self.input_proj = nn.ModuleList([nn.Conv2d(config.feature_width, width, 1) for _ in range(LEVELS)])
        self.forward_prediction_heads = PredictionHeads(config)

    def forward(self, features: PixelFeatures) -> list[HeadOutput]:
        """One output for the initial queries and one after every layer, the last being the network's answer."""
        levels = (features.p32, features.p16)
        sources = [proj(level).flatten(2).transpose(1, 2) for proj, level in zip(self.input_proj, levels, strict=True)]
        positions = [position_code(level, self.query_feat.embedding_dim) for level in levels]  # (1, L, C) each

        batch = features.p32.shape[0]
        x = self.query_feat.weight[None].expand(batch, -1, -1)  # (N, Q, C)
        x_position = self.query_embed.weight[None]  # (1, Q, C)
        outputs = [self.forward_prediction_heads(x, features.mask_features)]
        layers = zip(
            self.transformer_cross_attention_layers,
            self.transformer_self_attention_layers,
            self.transformer_ffn_layers,
            strict=True,
        )
        for index, (cross_attention, self_attention, feed_forward) in enumerate(layers):
            level = index % LEVELS
            visible = visible_positions(outputs[-1].mask_logits, levels[level])
            x = cross_attention(x, x_position, sources[level], positions[level], visible)
            x = feed_forward(self_attention(x, x_position))
            outputs.append(self.forward_prediction_heads(x, features.mask_features))
        return outputs
