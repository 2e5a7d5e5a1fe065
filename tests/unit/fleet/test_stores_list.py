"""A list of stores, written and read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likelight.fleet.stores.rows import StoreRow, listed, read_stores
from support.listed_stores import STORES


@given(st.lists(STORES, min_size=1, max_size=5, unique_by=lambda store: store.kid))
def test_a_list_that_was_written_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, stores: list[StoreRow]
) -> None:
    file = tmp_path_factory.getbasetemp() / "listed.csv"
    file.write_text(listed(stores), "utf-8", newline="")
    assert read_stores(file) == tuple(stores)
