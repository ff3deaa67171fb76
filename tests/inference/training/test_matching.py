"""Which query stands for which segment: the costs by hand, the assignment against all there are."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.network.decoder import HeadOutput
from inference.training import matching
from inference.training.matching import Match, SampledTruth, match, pairwise_cost
from inference.training.points import LossSettings, Truth
from tests.inference.training.small_answers import (
    CLASSES,
    SETTINGS,
    answer,
    generator,
    halves,
    known,
    log_sigmoid,
    patches,
)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def pairs(found: Match) -> set[tuple[int, int, int]]:
    return set(zip(found.picture.tolist(), found.query.tolist(), found.target.tolist(), strict=True))


def test_costs_by_hand() -> None:
    """Two queries against two segments, on four points that lie on the four mask logits; one of them is unknown."""
    head = HeadOutput(
        torch.tensor([[0.3, -0.2, 0.0, 0.1, 0.5], [1.0, 0.0, 2.0, 0.0, 0.0]]),
        torch.tensor([[[0.7, -1.0], [2.0, 0.5]], [[-0.3, 1.5], [0.0, 9.0]]]),
    )
    points = torch.tensor([[[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]])
    truth = SampledTruth(points, torch.tensor([3, 1, 3, 1]), torch.tensor([1.0, 1.0, 0.25, 0.0]), torch.tensor([0, 2]))
    cost = pairwise_cost(head, truth, settings=LossSettings())

    x = [[0.7, -1.0, 2.0], [-0.3, 1.5, 0.0]]  # logits at the points that count, whose weights add up to 2.25
    probs = head.class_logits.softmax(dim=1)
    for query in range(2):
        a, b, c = x[query]
        pa, pb, pc = (sigmoid(value) for value in x[query])
        of_1 = -(log_sigmoid(-a) + log_sigmoid(b) + 0.25 * log_sigmoid(-c)) / 2.25
        of_3 = -(log_sigmoid(a) + log_sigmoid(-b) + 0.25 * log_sigmoid(c)) / 2.25
        all_of_it = pa + pb + 0.25 * pc
        dice_1 = 1 - (2 * pb + 1) / (all_of_it + 1 + 1)
        dice_3 = 1 - (2 * (pa + 0.25 * pc) + 1) / (all_of_it + 1.25 + 1)
        expected = [
            -2 * float(probs[query, 0]) + 5 * of_1 + 5 * dice_1,
            -2 * float(probs[query, 2]) + 5 * of_3 + 5 * dice_3,
        ]
        assert cost[query].tolist() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("only", ["class_weight", "mask_weight", "dice_weight"])
def test_each_cost_has_its_own_weight(only: str) -> None:
    none = {"class_weight": 0.0, "mask_weight": 0.0, "dice_weight": 0.0}
    head = answer(3)
    points = torch.rand(1, 50, 2, generator=generator())
    labels = torch.randint(1, 3, (50,), generator=generator())
    truth = SampledTruth(points, labels, torch.ones(50), torch.tensor([0, 1]))
    one, three = (
        pairwise_cost(
            HeadOutput(head.class_logits[0], head.mask_logits[0]),
            truth,
            settings=LossSettings(**{**none, only: factor}),
        )
        for factor in (1.0, 3.0)
    )
    assert one.abs().min() > 0
    torch.testing.assert_close(three, 3 * one)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), queries=st.integers(1, 5))
def test_the_assignment_is_the_cheapest_of_all(seed: int, queries: int) -> None:
    """Also where there are more segments than queries: then the dearest segments go without."""
    truth = known(patches(seed=seed))
    head = answer(queries, seed=seed)
    [picture, query, target] = match(head, truth, settings=SETTINGS, generator=generator(seed))
    present = sorted(set((truth.labels - 1).flatten().tolist()))
    assert len(query) == len(set(query.tolist())) == len(set(target.tolist())) == min(queries, len(present))
    assert set(target.tolist()) <= set(present)
    assert (picture == 0).all()

    points = torch.rand(1, SETTINGS.points, 2, generator=generator(seed))
    under = matching.pixels_at(truth.labels, points, picture=torch.tensor([0]))[0]
    sampled = SampledTruth(points, under, torch.ones(len(under)), torch.tensor(present))
    cost = pairwise_cost(HeadOutput(head.class_logits[0], head.mask_logits[0]), sampled, settings=SETTINGS)
    found = sum(float(cost[q, present.index(t)]) for q, t in zip(query.tolist(), target.tolist(), strict=True))
    if queries >= len(present):
        every = itertools.permutations(range(queries), len(present))
        cheapest = min(sum(float(cost[q, k]) for k, q in enumerate(chosen)) for chosen in every)
    else:
        every = itertools.permutations(range(len(present)), queries)
        cheapest = min(sum(float(cost[q, k]) for q, k in enumerate(chosen)) for chosen in every)
    assert found == pytest.approx(cheapest, rel=1e-5)


def test_matching_finds_the_queries_that_are_right() -> None:
    truth = halves(left=3, right=1)
    head = HeadOutput(torch.zeros(1, 4, CLASSES + 1), torch.full((1, 4, 8, 8), -5.0))
    head.mask_logits[0, 1, :, 4:] = 5.0  # query 1 draws the right half, query 3 the left
    head.mask_logits[0, 3, :, :4] = 5.0
    assert pairs(match(head, truth, settings=SETTINGS, generator=generator())) == {(0, 1, 0), (0, 3, 2)}


def test_the_class_decides_between_equal_masks() -> None:
    head = HeadOutput(torch.zeros(1, 3, CLASSES + 1), torch.zeros(1, 3, 8, 8))
    head.class_logits[0, 2, 1] = 3.0
    found = match(head, known(torch.full((1, 16, 16), 2)), settings=SETTINGS, generator=generator())
    assert pairs(found) == {(0, 2, 1)}


def test_every_picture_is_matched_by_itself() -> None:
    labels = torch.cat([torch.full((1, 16, 16), 2), torch.full((1, 16, 16), 4), torch.zeros(1, 16, 16).long()])
    head = HeadOutput(torch.zeros(3, 3, CLASSES + 1), torch.zeros(3, 3, 8, 8))
    head.class_logits[0, 2, 1] = head.class_logits[1, 0, 3] = head.class_logits[2, 1, 2] = 3.0
    found = match(head, known(labels), settings=SETTINGS, generator=generator())
    assert pairs(found) == {(0, 2, 1), (1, 0, 3)}


def test_segments_that_do_not_count_are_not_matched() -> None:
    truth = halves(left=2, right=3)
    weights = truth.weights.clone()
    weights[truth.labels == 3] = 0
    found = match(answer(5), Truth(truth.labels, weights), settings=SETTINGS, generator=generator())
    assert found.target.tolist() == [1]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_what_lies_under_pixels_that_do_not_count_changes_no_match(seed: int) -> None:
    truth, head = halves(left=2, right=0), answer(5, seed=seed)
    changed = HeadOutput(head.class_logits, head.mask_logits.clone())
    changed.mask_logits[..., 5:] += torch.randn(1, 5, 8, 4, generator=generator(seed + 1)) * 10
    first, second = (match(h, truth, settings=SETTINGS, generator=generator()) for h in (head, changed))
    assert pairs(first) == pairs(second)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_a_picture_that_weighs_little_is_matched_as_one_that_weighs_much(seed: int) -> None:
    labels, head = patches(seed=seed), answer(5, seed=seed)
    full, slight = (
        match(head, known(labels, weight), settings=LossSettings(points=200, dice_weight=0), generator=generator())
        for weight in (1.0, 0.25)
    )
    assert pairs(full) == pairs(slight)


@given(seed=st.integers(0, 10_000), order=st.permutations(range(6)))
@settings(max_examples=30)
def test_matching_follows_a_permutation_of_the_queries(seed: int, order: list[int]) -> None:
    head, truth = answer(6, pictures=2, seed=seed), known(patches(pictures=2, seed=seed))
    shuffled = HeadOutput(head.class_logits[:, order], head.mask_logits[:, order])
    before = match(head, truth, settings=SETTINGS, generator=generator(1))
    after = match(shuffled, truth, settings=SETTINGS, generator=generator(1))
    assert {(picture, order[query], target) for picture, query, target in pairs(after)} == pairs(before)
    assert torch.equal(before.target, after.target)  # in the same order: each segment meets the same random points


def test_matching_carries_no_gradient() -> None:
    head = HeadOutput(*(logits.requires_grad_() for logits in answer(3)))
    assert not any(part.requires_grad for part in match(head, halves(), settings=SETTINGS, generator=generator()))
