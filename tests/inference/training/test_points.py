"""What is known under a point, and where the points lie."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from inference.training.points import LossSettings, Truth, pixels_at, random_points, sample_at, uncertain_points
from tests.inference.training.small_answers import generator, known

sizes = st.tuples(st.integers(1, 9), st.integers(1, 9))


def test_unknown_is_unknown_whichever_of_the_two_says_so() -> None:
    truth = Truth(torch.tensor([[[0, 2, 3, 1]]]), torch.tensor([[[1.0, 0.5, 0.0, 1.0]]]))
    assert truth.weights.tolist() == [[[0.0, 0.5, 0.0, 1.0]]]
    assert truth.labels.tolist() == [[[0, 2, 0, 1]]]  # and what counts nothing has no label


def test_segments_weigh_the_mean_of_their_pixels_that_count() -> None:
    labels = torch.tensor([[[1, 1, 1, 3]], [[3, 3, 0, 2]]])
    weights = torch.tensor([[[1.0, 0.5, 0.0, 0.25]], [[0.25, 1.0, 1.0, 0.0]]])
    assert Truth(labels, weights).segment_weights.tolist() == [[0, 0.75, 0, 0.25], [0, 0, 0, 0.625]]


def test_fully_known_segments_weigh_exactly_one() -> None:
    labels = torch.randint(1, 8, (2, 97, 101), generator=generator())
    assert (known(labels).segment_weights[:, 1:] == 1).all()


def bilinear_by_hand(image: np.ndarray, x: float, y: float) -> float:
    """Pixel centres lie at halves; beyond the outermost ones the image goes on unchanged."""
    height, width = image.shape
    column, row = (min(max(at * n - 0.5, 0), n - 1) for at, n in ((x, width), (y, height)))
    left, top = math.floor(column), math.floor(row)
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    across, down = column - left, row - top
    upper = (1 - across) * image[top, left] + across * image[top, right]
    lower = (1 - across) * image[bottom, left] + across * image[bottom, right]
    return float((1 - down) * upper + down * lower)


@settings(max_examples=30)
@given(size=sizes, seed=st.integers(0, 1000))
def test_logits_are_sampled_bilinearly(size: tuple[int, int], seed: int) -> None:
    random = generator(seed)
    maps = torch.randn(2, 3, *size, generator=random, dtype=torch.float64)
    points = random_points((2, 5), device=torch.device("cpu"), generator=random)
    sampled = sample_at(maps, points)
    assert sampled.dtype == torch.float64
    expected = [
        [[bilinear_by_hand(maps[b, c].numpy(), *points[b, p].tolist()) for p in range(5)] for c in range(3)]
        for b in range(2)
    ]
    np.testing.assert_allclose(sampled, expected, atol=1e-5)


@settings(max_examples=30)
@given(size=sizes, seed=st.integers(0, 1000))
def test_the_label_under_a_point_is_what_an_explicit_mask_has_there(size: tuple[int, int], seed: int) -> None:
    """Sampling the mask of every segment, pixel by pixel, finds exactly the points whose label is the segment's."""
    random = generator(seed)
    labels = torch.randint(0, 4, (3, *size), generator=random)
    picture = torch.tensor([2, 0, 0, 1])
    points = random_points((4, 6), device=torch.device("cpu"), generator=random)
    under = pixels_at(labels, points, picture=picture)
    for segment in range(4):
        masks = (labels[picture] == segment).float()[:, None]  # (4, 1, H, W)
        grid = 2 * points[:, :, None] - 1
        inside = F.grid_sample(masks, grid, mode="nearest", padding_mode="border", align_corners=False)
        assert torch.equal(under == segment, inside[:, 0, :, 0] == 1)


def test_points_on_the_far_edge_belong_to_the_last_pixel() -> None:
    labels = torch.tensor([[[1, 2, 3], [4, 5, 6]]])
    points = torch.tensor([[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.66, 0.5], [0.67, 0.49]]])
    assert pixels_at(labels, points, picture=torch.tensor([0])).tolist() == [[1, 3, 4, 6, 5, 3]]


def chosen_for(
    masks: Tensor, *, weights: Tensor | None = None, picture: list[int] | None = None, settings: LossSettings
) -> Tensor:
    return uncertain_points(
        masks,
        weights=torch.ones(1, 4, 4) if weights is None else weights,
        picture=torch.tensor(picture or [0] * len(masks)),
        settings=settings,
        generator=generator(5),
    )


@pytest.mark.parametrize("settings", [LossSettings(points=40), LossSettings(points=30, oversampling=2.5)])
def test_three_quarters_are_the_most_uncertain_of_three_times_as_many(settings: LossSettings) -> None:
    masks = torch.randn(3, 5, 7, generator=generator(1))
    points = chosen_for(masks, settings=settings)
    uncertain, rest = int(0.75 * settings.points), settings.points - int(0.75 * settings.points)

    draws = generator(5)
    candidates = torch.rand(3, int(settings.oversampling * settings.points), 2, generator=draws)
    anywhere = torch.rand(3, rest, 2, generator=draws)
    for mask, among, chosen, others in zip(masks, candidates, points, anywhere, strict=True):
        size = [abs(bilinear_by_hand(mask.numpy(), *point)) for point in among.tolist()]
        best = {tuple(among[index].tolist()) for index in np.argsort(size)[:uncertain]}
        assert {tuple(point) for point in chosen[:uncertain].tolist()} == best
        assert torch.equal(chosen[uncertain:], others)


def test_points_are_published_in_number() -> None:
    settings = LossSettings()
    assert (settings.points, settings.oversampling, settings.uncertain_share) == (12_544, 3, 0.75)
    assert chosen_for(torch.zeros(1, 2, 2), settings=settings).shape == (1, 12_544, 2)


def test_points_where_nothing_is_known_are_chosen_last() -> None:
    """The masks are least sure on the right, where only the second picture is known."""
    masks = torch.linspace(8, 0, 32).expand(2, 32, 32)
    weights = torch.ones(2, 4, 4)
    weights[0, :, 2:] = 0
    first, second = chosen_for(masks, weights=weights, picture=[0, 1], settings=LossSettings(points=400))
    assert (first[:300, 0] < 0.5).all()
    assert (first[:300, 0] > 0.2).all()  # the least sure of those
    assert (second[:300, 0] > 0.5).all()
    assert (first[300:, 0] > 0.5).any()  # the rest lies anywhere


def test_where_little_is_known_all_of_it_is_chosen() -> None:
    weights = torch.zeros(1, 4, 4)
    weights[0, 0, 0] = 0.01
    settings = LossSettings(points=100)
    points = chosen_for(torch.randn(1, 4, 4, generator=generator(2)), weights=weights, settings=settings)
    candidates = torch.rand(1, 300, 2, generator=generator(5))
    corner = candidates[(candidates < 0.25).all(dim=2)]
    assert 0 < len(corner) < 75
    assert {tuple(point) for point in corner.tolist()} <= {tuple(point) for point in points[0, :75].tolist()}
    assert points.shape == (1, 100, 2)
