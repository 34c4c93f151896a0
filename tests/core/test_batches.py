"""How many mails go into one fetch."""

import pytest

from helpdesk.core.batches import FIRST_MAILS, batches


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({1: 10, 2: 10, 3: 10}, [[1, 2, 3]], id="at the limit of mails"),
        pytest.param({1: 10, 2: 10, 3: 10, 4: 10}, [[1, 2, 3], [4]], id="one mail over"),
        pytest.param({1: 50, 2: 50}, [[1, 2]], id="at the limit of bytes"),
        pytest.param({1: 50, 2: 51}, [[1], [2]], id="one byte over"),
        pytest.param({1: 500, 2: 1}, [[1], [2]], id="too big alone goes alone"),
    ],
)
def test_a_batch_holds_at_most_so_many_mails_and_bytes(
    sizes: dict[int, int], expected: list[list[int]]
) -> None:
    assert list(batches(list(sizes), sizes, max_mails=3, max_bytes=100)) == expected


def test_a_mail_without_a_size_is_gone_and_left_out() -> None:
    assert list(batches([1, 2, 3], {1: 1, 3: 1}, max_mails=3, max_bytes=100)) == [[1, 3]]


@pytest.mark.parametrize(
    ("max_mails", "count", "expected"),
    [
        pytest.param(4 * FIRST_MAILS, FIRST_MAILS, [50], id="no more than the first"),
        pytest.param(4 * FIRST_MAILS, FIRST_MAILS + 1, [50, 1], id="one more"),
        pytest.param(4 * FIRST_MAILS, 600, [50, 100, 200, 200, 50], id="up to the limit"),
        pytest.param(120, 300, [50, 100, 120, 30], id="a limit that is no double"),
    ],
)
def test_the_first_batch_is_small_and_each_other_at_most_twice_as_long(
    max_mails: int, count: int, expected: list[int]
) -> None:
    sizes = dict.fromkeys(range(count), 1)
    assert [len(batch) for batch in batches(list(sizes), sizes, max_mails, max_bytes=10_000)] == expected
