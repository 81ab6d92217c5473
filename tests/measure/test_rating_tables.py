"""A table of ratings is read the same in whatever shape it comes."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erroranalysis.measure import cohen_kappa, krippendorff_alpha

SCORES = st.lists(
    st.tuples(*[st.one_of(st.none(), st.integers(1, 4))] * 3), min_size=1, max_size=12
)


@given(SCORES)
@settings(max_examples=25, deadline=None)
def test_lists_tuples_arrays_and_frames_are_the_same(rows: list[tuple]) -> None:
    numbers = np.array([[np.nan if v is None else v for v in row] for row in rows])
    shapes = [
        rows,
        tuple(rows),
        [list(row) for row in rows],
        [list(row) if k % 2 else row for k, row in enumerate(rows)],
        [np.array(row, dtype=object) for row in rows],
        np.array(rows, dtype=object).reshape(len(rows), 3),
        numbers,
        pl.DataFrame(rows, schema=["a", "b", "c"], orient="row"),
    ]
    for level in ("nominal", "ordinal", "interval"):
        found = {repr(krippendorff_alpha(shape, level=level)) for shape in shapes}
        assert len(found) == 1


def test_booleans_and_words_are_the_same_verdicts() -> None:
    words = ["pass", "fail", "pass", "pass", "fail", "pass"]
    other = ["pass", "fail", "fail", "pass", "pass", "pass"]
    plain, bools = cohen_kappa(words, other), [word == "pass" for word in words]
    assert cohen_kappa(bools, other) == plain
    assert cohen_kappa(np.array(bools), np.array(other)) == plain
    assert cohen_kappa([*bools[:3], *words[3:]], other) == plain


@pytest.mark.parametrize("rows", [[[1, 2], [1]], [(1, 2), [1]], [[1, 2], np.ones(1)]])
def test_a_short_row_is_named(rows: list) -> None:
    with pytest.raises(ValueError, match="Row 1 has 1 ratings and row 0 has 2"):
        krippendorff_alpha(rows)


def test_a_row_that_is_no_row_is_named() -> None:
    with pytest.raises(ValueError, match="Row 1 is 'pass'"):
        krippendorff_alpha([["pass", "fail"], "pass"])
