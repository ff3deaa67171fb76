"""The losses of a batch are those of its parts, whatever order these come in: queries, pictures, prediction heads."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.network.decoder import HeadOutput
from inference.training.criterion import set_losses
from inference.training.matching import match
from inference.training.points import Truth
from tests.inference.training.small_answers import (
    CLASSES,
    SETTINGS,
    answer,
    generator,
    gradients,
    halves,
    leaf,
    losses_of,
    mixed_weights,
    patches,
    share_points,
)

DOUBLE = partial(answer, dtype=torch.float64)


@given(
    seed=st.integers(0, 10_000),
    queries=st.permutations(range(6)),
    classes=st.permutations(range(CLASSES)),
    pictures=st.permutations(range(3)),
)
@settings(max_examples=15)
def test_losses_do_not_depend_on_who_is_called_what(
    seed: int, queries: list[int], classes: list[int], pictures: list[int]
) -> None:
    """Queries, segments and pictures in another order: the same losses, and gradients in that order."""
    heads = [leaf(DOUBLE(6, pictures=3, seed=seed + k)) for k in range(2)]
    truth = mixed_weights(patches(pictures=3, seed=seed))
    columns = [*classes, CLASSES]
    renamed = torch.tensor([0, *(classes.index(old) + 1 for old in range(CLASSES))])

    def moved(head: HeadOutput) -> HeadOutput:
        return HeadOutput(head.class_logits[pictures][:, queries][..., columns], head.mask_logits[pictures][:, queries])

    with pytest.MonkeyPatch.context() as monkeypatch:
        share_points(monkeypatch)
        before = losses_of(heads, truth)
        others = [leaf(moved(head)) for head in heads]
        after = losses_of(others, Truth(renamed[truth.labels[pictures]], truth.weights[pictures]))

    torch.testing.assert_close(tuple(after), tuple(before))
    grads = gradients(before.total, heads)
    expected = [HeadOutput(*pair) for pair in zip(grads[::2], grads[1::2], strict=True)]
    expected_flat = [logits for head in expected for logits in moved(head)]
    torch.testing.assert_close(gradients(after.total, others), expected_flat)


@given(seed=st.integers(0, 10_000), order=st.permutations(range(6)))
@settings(max_examples=25)
def test_random_points_do_not_depend_on_the_order_of_the_queries(seed: int, order: list[int]) -> None:
    """With the points as they are drawn: a segment meets the same ones whichever query stands for it."""
    head, truth = DOUBLE(6, seed=seed), mixed_weights(patches(seed=seed))
    shuffled = HeadOutput(head.class_logits[:, order], head.mask_logits[:, order])
    torch.testing.assert_close(tuple(losses_of([head], truth)), tuple(losses_of([shuffled], truth)))


def test_each_picture_meets_its_own_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each has its own labels and its own unknown pixels, a batch teaches what its pictures teach alone."""
    share_points(monkeypatch)
    both, labels = DOUBLE(5, pictures=2, seed=8), patches(pictures=2, seed=8)
    weights = mixed_weights(labels[:1]).weights
    truth = Truth(labels, torch.cat([weights, weights.flip(2)]))
    found = match(both, truth, settings=SETTINGS, generator=generator())
    masks = torch.bincount(found.picture).double()
    alone = torch.tensor(
        [
            [
                float(loss)
                for loss in set_losses(
                    [HeadOutput(both.class_logits[[k]], both.mask_logits[[k]])],
                    Truth(truth.labels[[k]], truth.weights[[k]]),
                    settings=SETTINGS,
                    generator=generator(),
                )
            ]
            for k in range(2)
        ],
        dtype=torch.float64,
    )
    together = set_losses([both], truth, settings=SETTINGS, generator=generator())
    # Classes are divided by what all queries count at most, which says how many are matched; the others by masks.
    shares = masks + 0.1 * (5 - masks)
    for loss, each, count in zip(together, alone.T, (shares, masks, masks), strict=True):
        torch.testing.assert_close(loss, (each * count).sum() / count.sum())


# ------------------------------------------------------------------------------------------------ deep supervision


def test_each_head_is_matched_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same answer with its queries in another order is as good; matched as the first, it would be worse."""
    share_points(monkeypatch)
    first, truth = answer(6, seed=4), halves()
    first.mask_logits[0, 2, :, :4] += 6.0
    first.mask_logits[0, 2, :, 5:] -= 6.0
    order = [4, 3, 2, 1, 0, 5]
    second = HeadOutput(first.class_logits[:, order], first.mask_logits[:, order])
    alone = set_losses([first], truth, settings=SETTINGS, generator=generator())
    both = set_losses([first, second, first], truth, settings=SETTINGS, generator=generator())
    for one, three in zip(alone, both, strict=True):
        torch.testing.assert_close(three, 3 * one)


def test_heads_add_up_and_only_the_last_is_asked_for_the_semantic_view(monkeypatch: pytest.MonkeyPatch) -> None:
    share_points(monkeypatch)
    heads, truth = [answer(5, seed=seed) for seed in range(3)], mixed_weights(patches())
    together, alone = losses_of(heads, truth), [losses_of([head], truth) for head in heads]
    for part in ("classes", "masks", "dice"):
        torch.testing.assert_close(getattr(together, part), sum(getattr(losses, part) for losses in alone))
    torch.testing.assert_close(together.semantic, alone[-1].semantic)
