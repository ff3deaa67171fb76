"""Where paint may go, against the rule as one says it, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.arrays import U8
from app.core.patches import Draft, Edit, apply_patch
from app.core.rules import PaintRule, Where
from app.core.segment_map import CODES, HUMAN_BASE, NETWORK_MAX, SegmentMap, human_value

SHAPE = (6, 9)
class_ids = st.integers(0, 150)
rules = st.builds(
    PaintRule,
    where=st.sampled_from(Where),
    class_id=class_ids,
    keep_person=st.booleans(),
    locked=st.frozensets(st.integers(0, 5) | class_ids, max_size=4),
)


@st.composite
def tables(draw: st.DrawFn) -> U8:
    """The label of every code: queries label what they like, a person's codes their own class."""
    table = np.zeros(CODES, np.uint8)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    table[1 : NETWORK_MAX + 1] = rng.integers(0, 6, NETWORK_MAX)
    table[HUMAN_BASE + 1 : HUMAN_BASE + 151] = np.arange(1, 151)
    return table


def may_cover(rule: PaintRule, code: int, label: int) -> bool:
    """The rule in plain words."""
    if label in rule.locked:
        return False
    if rule.keep_person and code > NETWORK_MAX:
        return False
    if rule.where is Where.UNLABELLED:
        return label == 0
    if rule.where is Where.CLASS:
        return label == rule.class_id
    return True


@given(rule=rules, table=tables())
def test_every_code_is_as_the_plain_rule_says(rule: PaintRule, table: U8) -> None:
    writable = rule.writable(table)
    allowed = [may_cover(rule, code, int(table[code])) for code in range(CODES)]
    if writable is None:
        assert all(allowed)
        assert rule.open
    else:
        assert writable.shape == (CODES,)
        assert writable.dtype == np.bool_
        assert writable.tolist() == allowed


@given(rule=rules, table=tables(), data=st.data())
def test_no_pixel_is_covered_that_the_rule_keeps(rule: PaintRule, table: U8, data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    segment_map = SegmentMap(*SHAPE)
    segment_map.set_network(rng.integers(0, NETWORK_MAX + 1, SHAPE, dtype=np.uint8))
    decided = rng.integers(HUMAN_BASE + 1, HUMAN_BASE + 7, SHAPE, dtype=np.uint8)
    segment_map.write_human(segment_map.box, decided, mask=rng.random(SHAPE) < 0.4)
    before, shown = segment_map.human.copy(), segment_map.shown(segment_map.box).copy()
    value = human_value(data.draw(class_ids))

    expected = before.copy()
    wanted = 0
    for y, x in np.ndindex(SHAPE):
        code = int(shown[y, x])
        if may_cover(rule, code, int(table[code])):
            expected[y, x] = value
        elif before[y, x] != value:
            wanted += 1

    draft = Draft(segment_map, writable=rule.writable(table))
    draft.paint(segment_map.box, None, value)
    patch = draft.finish()
    np.testing.assert_array_equal(segment_map.human, before)  # a draft only reads
    edit = Edit(segment_map, writable=rule.writable(table))
    edit.paint(segment_map.box, None, value)
    np.testing.assert_array_equal(segment_map.human, expected)
    assert edit.refused == draft.refused == bool(wanted)
    edit.cancel()
    if patch is not None:
        apply_patch(segment_map, patch, forward=True)
    np.testing.assert_array_equal(segment_map.human, expected)


@given(rule=rules)
def test_only_the_rule_without_any_limit_is_open(rule: PaintRule) -> None:
    limited = rule.where is not Where.ANYWHERE or rule.keep_person or rule.locked
    assert rule.open is not bool(limited)
    assert (rule.writable(np.zeros(CODES, np.uint8)) is None) is rule.open


@given(rule=rules)
def test_the_words_say_every_part_of_the_rule(rule: PaintRule) -> None:
    words = rule.text()
    assert words.startswith(
        {Where.ANYWHERE: "anywhere", Where.UNLABELLED: "only where", Where.CLASS: "only over"}[rule.where]
    )
    assert ("locked" in words) is bool(rule.locked)
    assert ("what you decided" in words) is rule.keep_person


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (PaintRule(), "anywhere"),
        (PaintRule(where=Where.UNLABELLED), "only where nothing is labelled"),
        (PaintRule(where=Where.CLASS, class_id=3), "only over sky"),
        (PaintRule(where=Where.CLASS, class_id=0), "only over unlabelled"),
        (PaintRule(locked=frozenset({3})), "anywhere, never over 1 locked class"),
        (
            PaintRule(where=Where.CLASS, class_id=1, keep_person=True, locked=frozenset({3, 5})),
            "only over wall, never over 2 locked classes or what you decided",
        ),
    ],
)
def test_the_rule_as_a_person_says_it(rule: PaintRule, words: str) -> None:
    assert rule.text() == words


@pytest.mark.parametrize("broken", [{"class_id": 151}, {"class_id": -1}, {"locked": frozenset({3, 151})}])
def test_a_class_that_does_not_exist_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"not within 0\.\.150"):
        PaintRule(**broken)  # type: ignore[arg-type]
