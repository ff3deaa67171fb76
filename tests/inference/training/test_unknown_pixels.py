"""Pixels that nobody labelled, and those that weigh nothing, teach nothing: no class and no shape, to no query."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from inference.training.points import Truth
from tests.inference.training.small_answers import (
    CLASSES,
    answer,
    generator,
    gradients,
    known,
    leaf,
    losses_of,
    patches,
)


def half_trusted(labels: Tensor) -> Truth:
    weights = torch.ones(labels.shape)
    weights[..., labels.shape[-1] // 2 :] = 0
    return Truth(labels, weights)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15)
def test_pixels_that_do_not_count_carry_no_gradient(seed: int) -> None:
    """The right half weighs nothing, whatever its labels claim: mask logits that only it can touch do not move."""
    heads = [leaf(answer(5, pictures=2, seed=seed + k)) for k in range(2)]
    grads = gradients(losses_of(heads, half_trusted(patches(pictures=2, side=36, seed=seed))).total, heads)
    for by_masks in grads[1::2]:
        assert by_masks[..., :4].abs().sum() > 0
        assert by_masks[..., 5:].abs().max() == 0  # column 4 is reached by bilinear samples left of the border


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15)
def test_what_pixels_that_do_not_count_claim_is_never_read(seed: int) -> None:
    heads = [leaf(answer(5, seed=seed + k)) for k in range(2)]
    labels = patches(side=36, seed=seed)
    others = labels.clone()
    others[..., 18:] = torch.randint(0, CLASSES + 3, (36, 18), generator=generator(seed))
    first, second = (losses_of(heads, half_trusted(claimed)) for claimed in (labels, others))
    torch.testing.assert_close(tuple(second), tuple(first), rtol=0, atol=0)
    torch.testing.assert_close(gradients(second.total, heads), gradients(first.total, heads), rtol=0, atol=0)


def test_queries_that_lie_where_nothing_is_known_learn_nothing() -> None:
    head, truth = answer(5, seed=2), half_trusted(torch.full((1, 36, 36), 2))
    head.mask_logits[0, 3, :, :5] = -200.0  # what may lie there is not known, so it is not taught to be nothing
    head = leaf(head)
    by_classes, by_masks = gradients(losses_of([head], truth).total, [head])
    assert by_classes[0, 3].abs().max() == by_masks[0, 3].abs().max() == 0
    for query in (0, 1, 2, 4):
        assert by_classes[0, query].abs().max() > 0


def test_a_picture_without_labels_teaches_nothing() -> None:
    head = leaf(answer(5))
    losses = losses_of([head], known(torch.zeros(1, 36, 36, dtype=torch.long)))
    assert [float(loss.detach()) for loss in losses] == [0] * 6
    assert all((grad == 0).all() for grad in gradients(losses.total, [head]))
