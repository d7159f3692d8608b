"""Sets of hashes as columns keep them."""

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from tocsin.storage.columns import Hashes

NUMBERS = st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 2**17), st.integers(2**32 - 70_000, 2**32 - 1))
DIALECT = sqlite.dialect()


@given(st.frozensets(NUMBERS, max_size=600))
def test_hashes_of_32_bits_come_back_as_they_were(numbers):
    """Whatever the gaps between them are, packed hashes are the same when they are unpacked."""
    packed = Hashes().process_bind_param(numbers, DIALECT)
    assert Hashes().process_result_value(packed, DIALECT) == numbers


@given(st.frozensets(st.integers(0, 2**63 - 1), max_size=50))
def test_hashes_of_63_bits_come_back_as_they_were(numbers):
    """Hashes of paragraphs are the same when they are unpacked."""
    packed = Hashes(63).process_bind_param(numbers, DIALECT)
    assert Hashes(63).process_result_value(packed, DIALECT) == numbers
