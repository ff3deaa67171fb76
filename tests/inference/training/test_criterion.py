"""The mathematics of the losses: hand-computed values, finite differences, symmetries, and what unknown pixels do."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from inference.network.decoder import HeadOutput
from inference.network.paths import PixelFeatures
from inference.training import criterion, matching, points
from inference.training.criterion import (
    IGNORED,
    AuxiliaryHeads,
    Losses,
    all_losses,
    class_loss,
    mask_losses,
    pixel_cross_entropy,
    point_bce,
    point_dice,
    query_weights,
    semantic_loss,
    set_losses,
    thin_out,
)
from inference.training.matching import Match, match
from inference.training.points import LossSettings, Truth
from tests.inference.training.small_answers import (
    CLASSES,
    SETTINGS,
    answer,
    generator,
    gradients,
    halves,
    known,
    leaf,
    patches,
)

DOUBLE = partial(answer, dtype=torch.float64)


def log_sigmoid(x: float) -> float:
    return -math.log(1 + math.exp(-x))


def losses_of(heads: list[HeadOutput], truth: Truth, *, settings: LossSettings = SETTINGS, seed: int = 0) -> Losses:
    return all_losses(heads, truth, auxiliary=torch.tensor(0.0), settings=settings, generator=generator(seed))


@pytest.fixture
def same_points(monkeypatch: pytest.MonkeyPatch) -> None:
    share_points(monkeypatch)


def share_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every picture and every mask gets the same random points, so that who comes first changes nothing."""

    def drawn(shape: tuple[int, int], *, device: torch.device, generator: torch.Generator) -> Tensor:
        count, length = shape
        return torch.rand(length, 2, generator=torch.Generator().manual_seed(length)).expand(count, length, 2)

    monkeypatch.setattr(points, "random_points", drawn)
    monkeypatch.setattr(matching, "random_points", drawn)


# ------------------------------------------------------------------------------------------------- values, by hand


def test_bce_by_hand() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, 1.0]])
    inside = torch.tensor([[1.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    weights = torch.tensor([[1.0, 0.25, 0.0], [0.5, 0.0, 0.0]])
    first = -(log_sigmoid(2.0) + 0.25 * log_sigmoid(1.0)) / 2  # over the two points that count
    second = -0.5 * log_sigmoid(0.0)
    assert point_bce(logits, inside, weights=weights).tolist() == pytest.approx([first, second], rel=1e-6)


def test_dice_by_hand() -> None:
    probs = torch.tensor([[0.8, 0.5, 0.1]])
    inside = torch.tensor([[1.0, 0.0, 1.0]])
    weights = torch.tensor([[0.5, 1.0, 0.0]])
    expected = 1 - (2 * 0.5 * 0.8 + 1) / (0.5 * 0.8 + 0.5 + 0.5 * 1.0 + 1)
    assert point_dice(probs.logit(), inside, weights=weights).tolist() == pytest.approx([expected], rel=1e-6)


def test_a_perfect_mask_costs_nothing() -> None:
    inside = torch.tensor([[1.0, 0.0, 1.0, 0.0]])
    logits, weights = 40 * (2 * inside - 1), torch.tensor([[1.0, 0.3, 0.3, 1.0]])
    assert float(point_bce(logits, inside, weights=weights)) == pytest.approx(0, abs=1e-6)
    assert float(point_dice(logits, inside, weights=weights)) == pytest.approx(0, abs=1e-6)


def test_class_loss_by_hand() -> None:
    """Two pictures of two queries; one query is matched to class 2; "no object" counts a tenth."""
    logits = torch.tensor(
        [
            [[0.1, 0.2, 1.5, -0.3, 0.4], [1.0, 0.0, 0.0, 0.0, 2.0]],
            [[0.0, 0.0, 0.0, 0.0, 0.0], [3.0, 0.0, 0.0, 1.0, 1.0]],
        ]
    )
    found = Match(torch.tensor([0]), torch.tensor([0]), torch.tensor([2]))
    head = HeadOutput(logits, torch.zeros(2, 2, 2, 2))
    weights = torch.tensor([[0.5, 1.0], [0.25, 0.0]])
    matched = math.log(sum(math.exp(x) for x in [0.1, 0.2, 1.5, -0.3, 0.4])) - 1.5
    second = math.log(math.exp(1) + 3 + math.exp(2)) - 2
    expected = (0.5 * matched + 0.1 * second + 0.1 * 0.25 * math.log(5)) / (1 + 3 * 0.1)
    assert float(class_loss(head, found, weights=weights, settings=LossSettings())) == pytest.approx(expected, rel=1e-5)


def test_mask_losses_by_hand() -> None:
    """Masks that are the same everywhere make random points harmless: two segments of one picture, one of another."""
    flat = torch.tensor([[0.7, -1.2, 0.0], [2.0, 0.3, -0.4]])
    head = HeadOutput(torch.zeros(2, 3, CLASSES + 1), flat[..., None, None].expand(2, 3, 4, 4))
    truth = known(torch.stack([torch.full((6, 6), 2), torch.full((6, 6), 3)]))
    found = Match(torch.tensor([0, 0, 1]), torch.tensor([1, 2, 0]), torch.tensor([1, 0, 2]))  # (0, 2, 0) is nowhere
    bce, dice = mask_losses(head, found, truth=truth, settings=LossSettings(points=10), generator=generator())
    expected = -(log_sigmoid(-1.2) + log_sigmoid(0.0) + log_sigmoid(2.0)) / 3
    assert float(bce) == pytest.approx(expected, rel=1e-5)
    p, r = 1 / (1 + math.exp(1.2)), 1 / (1 + math.exp(-2.0))
    overlaps = (20 * p + 1) / (10 * p + 11), (20 * r + 1) / (10 * r + 11)
    # A segment without a pixel weighs nothing, so its dice is not asked for.
    assert float(dice) == pytest.approx((1 - overlaps[0] + 1 - overlaps[1]) / 3, rel=1e-5)


def test_total_is_the_published_weighting() -> None:
    heads = [answer(4), answer(4, seed=1)]
    losses = all_losses(heads, halves(), auxiliary=torch.tensor(7.0), settings=SETTINGS, generator=generator())
    parts = 2 * losses.classes + 5 * losses.masks + 5 * losses.dice + 1.0 * losses.semantic + 0.4 * 7
    torch.testing.assert_close(losses.total, parts)
    assert all(float(loss) > 0 for loss in losses)


def test_each_loss_has_a_weight_of_its_own() -> None:
    own = LossSettings(points=64, class_weight=2, mask_weight=3, dice_weight=5, semantic_weight=7, auxiliary_weight=11)
    losses = all_losses([answer(4)], halves(), auxiliary=torch.tensor(1.0), settings=own, generator=generator())
    parts = 2 * losses.classes + 3 * losses.masks + 5 * losses.dice + 7 * losses.semantic + 11 * losses.auxiliary
    torch.testing.assert_close(losses.total, parts)


def test_semantic_loss_by_hand() -> None:
    """Two queries, two classes, two pixels; the second pixel is unknown."""
    head = HeadOutput(torch.tensor([[[2.0, 0.0, 1.0], [0.0, 1.0, 0.0]]]), torch.tensor([[[[0.5, 9.0]], [[-1.0, 9.0]]]]))
    first, second = (logits.softmax(dim=0) for logits in head.class_logits[0])
    mask = [1 / (1 + math.exp(-0.5)), 1 / (1 + math.exp(1.0))]
    scores = [float(first[k]) * mask[0] + float(second[k]) * mask[1] for k in range(2)]
    expected = -0.5 * math.log(scores[1] / sum(scores))
    truth = Truth(torch.tensor([[[2, 0]]]), torch.tensor([[[0.5, 1.0]]]))
    assert float(semantic_loss(head, truth)) == pytest.approx(expected, rel=1e-4)


def test_pixel_cross_entropy_by_hand() -> None:
    logits = torch.tensor([[[[0.2, 5.0, 1.0]], [[1.0, 5.0, 0.0]]]])  # two classes, one row of three pixels
    truth = Truth(torch.tensor([[[2, 0, 1]]]), torch.tensor([[[1.0, 1.0, 0.25]]]))
    first, third = math.log(1 + math.exp(0.2 - 1.0)), math.log(1 + math.exp(-1.0))
    assert float(pixel_cross_entropy(logits, truth)) == pytest.approx((first + 0.25 * third) / 2, rel=1e-6)


def test_auxiliary_heads_add_what_both_say() -> None:
    heads = AuxiliaryHeads(res5_width=2, feature_width=3, classes=CLASSES)
    features = PixelFeatures(*(torch.randn(1, width, 3, 3, generator=generator()) for width in (3, 2, 2, 2)))
    assert features.mask_features.shape[1] == 3
    truth = halves()
    coarse = pixel_cross_entropy(heads.res5(features.res5), truth)
    fine = pixel_cross_entropy(heads.mask_features(features.mask_features), truth)
    assert not torch.isclose(coarse, fine)
    torch.testing.assert_close(heads(features, truth), coarse + fine)


def test_thinned_labels_are_those_at_cell_centres() -> None:
    labels = torch.arange(64).reshape(1, 8, 8)
    assert thin_out(labels, torch.Size((2, 2))).tolist() == [[[18 - 1, 22 - 1], [50 - 1, 54 - 1]]]
    assert thin_out(torch.zeros(1, 8, 8), torch.Size((1, 1))).item() == IGNORED


# ------------------------------------------------------------------------------------------- what a query counts


def test_no_object_counts_as_much_as_what_is_known_under_the_mask() -> None:
    """One query on the known left half, one on the unknown right, one everywhere, one nowhere; the last is matched."""
    masks = torch.full((1, 5, 8, 8), -200.0)
    masks[0, 0, :, :4] = masks[0, 1, :, 4:] = masks[0, 2] = masks[0, 4, :, 4:] = 3.0
    labels = halves(left=2, right=0).labels
    found = Match(torch.tensor([0]), torch.tensor([4]), torch.tensor([1]))
    weights = query_weights(HeadOutput(torch.zeros(1, 5, 3), masks), found, truth=known(labels, 0.5))
    torch.testing.assert_close(weights, torch.tensor([[0.5, 0.0, 0.25, 0.25, 0.5]]))


def test_mask_mass_is_probability_not_area() -> None:
    masks = torch.tensor([[[[2.0, -1.0]]]])  # one cell on the known half, one on the unknown
    truth = halves(left=2, right=0)
    nothing = Match(*(torch.zeros(0, dtype=torch.long) for _ in range(3)))
    weights = query_weights(HeadOutput(torch.zeros(1, 1, 3), masks), nothing, truth=truth)
    p, r = 1 / (1 + math.exp(-2.0)), 1 / (1 + math.exp(1.0))
    assert float(weights) == pytest.approx(p / (p + r), rel=1e-6)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_where_all_is_known_every_query_counts_fully(seed: int) -> None:
    head, truth = answer(5, seed=seed), known(patches(seed=seed))
    found = match(head, truth, settings=SETTINGS, generator=generator())
    torch.testing.assert_close(query_weights(head, found, truth=truth), torch.ones(1, 5))


def test_a_segment_counts_as_much_as_its_pixels(same_points: None) -> None:
    """Kept at a quarter, a picture teaches a quarter; dice, a ratio, nearly so because of its 1s."""
    head, labels = answer(5), patches(seed=3)
    settings = LossSettings(points=4000, dice_weight=0)  # the same matching to the last bit
    full, quarter = (losses_of([head], known(labels, weight), settings=settings) for weight in (1.0, 0.25))
    for part in ("classes", "masks", "semantic"):
        torch.testing.assert_close(getattr(quarter, part), 0.25 * getattr(full, part))
    torch.testing.assert_close(quarter.dice, 0.25 * full.dice, rtol=0.01, atol=0)


# --------------------------------------------------------------------------- gradients, against finite differences


def seven_points() -> tuple[Tensor, Tensor, Tensor]:
    random = generator(3)
    logits = torch.randn(3, 7, dtype=torch.float64, generator=random).requires_grad_()
    inside = (torch.rand(3, 7, generator=random) > 0.5).double()
    weights = torch.rand(3, 7, generator=random).double() * (torch.rand(3, 7, generator=random) > 0.3)
    return logits, inside, weights


def test_gradients_of_the_point_losses() -> None:
    logits, inside, weights = seven_points()
    assert torch.autograd.gradcheck(lambda x: point_bce(x, inside, weights=weights), (logits,))
    assert torch.autograd.gradcheck(lambda x: point_dice(x, inside, weights=weights), (logits,))


def mixed_weights(labels: Tensor) -> Truth:
    """A third unknown, a third at a low weight, a third fully known, in stripes."""
    weights = torch.tensor([0.0, 0.25, 1.0])[torch.arange(labels.shape[-1]) * 3 // labels.shape[-1]]
    return Truth(labels, weights.expand(labels.shape))


def test_gradients_of_class_and_semantic_loss() -> None:
    head, truth = leaf(DOUBLE(3, side=3, seed=5)), mixed_weights(patches(seed=5))
    found = match(head, truth, settings=SETTINGS, generator=generator())
    weights = query_weights(head, found, truth=truth)
    assert 0 < weights.min() < weights.max() <= 1

    def classes(logits: Tensor) -> Tensor:
        return class_loss(HeadOutput(logits, head.mask_logits), found, weights=weights, settings=SETTINGS)

    assert torch.autograd.gradcheck(classes, (head.class_logits,))
    assert torch.autograd.gradcheck(lambda c, m: semantic_loss(HeadOutput(c, m), truth), tuple(head))


def test_gradients_of_the_mask_losses_reach_the_mask_through_its_samples() -> None:
    head, truth = leaf(DOUBLE(3, pictures=2, side=3, seed=6)), mixed_weights(patches(pictures=2, seed=6))
    found = match(head, truth, settings=SETTINGS, generator=generator())

    def masks(logits: Tensor) -> tuple[Tensor, Tensor]:
        head_ = HeadOutput(head.class_logits, logits)
        return mask_losses(head_, found, truth=truth, settings=LossSettings(points=40), generator=generator())

    assert torch.autograd.gradcheck(masks, (head.mask_logits,))


def test_gradients_of_the_auxiliary_heads() -> None:
    heads = AuxiliaryHeads(res5_width=2, feature_width=2, classes=CLASSES).double()
    truth = mixed_weights(patches(seed=2))
    features = [torch.randn(1, 2, 3, 3, dtype=torch.float64, generator=generator(k)).requires_grad_() for k in range(2)]

    def losses(fine: Tensor, coarse: Tensor) -> Tensor:
        return heads(PixelFeatures(fine, fine, fine, coarse), truth)

    assert torch.autograd.gradcheck(losses, tuple(features))


@pytest.mark.parametrize("weighted", ["all the same", "in stripes"])
def test_gradients_of_the_total_with_deep_supervision(weighted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By every logit of two heads over two pictures. How much a query counts is no part of the gradient by intent, so
    it is held still while the differences are taken."""
    heads = [leaf(DOUBLE(3, pictures=2, side=2, seed=seed)) for seed in (11, 12)]
    labels = patches(pictures=2, side=9, seed=7)
    truth = known(labels) if weighted == "all the same" else mixed_weights(labels)
    small = LossSettings(points=32)

    if weighted == "in stripes":
        held = [
            query_weights(head, match(head, truth, settings=small, generator=generator()), truth=truth)
            for head in heads
        ]
        turns = iter(held * 10_000)
        monkeypatch.setattr(criterion, "query_weights", lambda *_, **__: next(turns))

    def total(*logits: Tensor) -> Tensor:
        both = [HeadOutput(*logits[:2]), HeadOutput(*logits[2:])]
        return losses_of(both, truth, settings=small).total

    assert torch.autograd.gradcheck(total, tuple(logits for head in heads for logits in head))


# ------------------------------------------------------------------------------------------------------ symmetries


@given(
    seed=st.integers(0, 10_000),
    queries=st.permutations(range(6)),
    classes=st.permutations(range(CLASSES)),
    pictures=st.permutations(range(3)),
)
@settings(max_examples=25)
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


# ------------------------------------------------------------------------------------------------ deep supervision


def test_each_head_is_matched_afresh(same_points: None) -> None:
    """The same answer with its queries in another order is as good; matched as the first, it would be worse."""
    first, truth = answer(6, seed=4), halves()
    first.mask_logits[0, 2, :, :4] += 6.0
    first.mask_logits[0, 2, :, 5:] -= 6.0
    order = [4, 3, 2, 1, 0, 5]
    second = HeadOutput(first.class_logits[:, order], first.mask_logits[:, order])
    alone = set_losses([first], truth, settings=SETTINGS, generator=generator())
    both = set_losses([first, second, first], truth, settings=SETTINGS, generator=generator())
    for one, three in zip(alone, both, strict=True):
        torch.testing.assert_close(three, 3 * one)


def test_heads_add_up_and_only_the_last_is_asked_for_the_semantic_view(same_points: None) -> None:
    heads, truth = [answer(5, seed=seed) for seed in range(3)], known(patches())
    together, alone = losses_of(heads, truth), [losses_of([head], truth) for head in heads]
    for part in ("classes", "masks", "dice"):
        torch.testing.assert_close(getattr(together, part), sum(getattr(losses, part) for losses in alone))
    torch.testing.assert_close(together.semantic, alone[-1].semantic)


# -------------------------------------------------------------------------------------------------- unknown pixels


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
