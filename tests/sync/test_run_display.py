"""Runs in a person's words and order."""

from sync.templatetags.run_display import counted, in_order, summary


def test_it_puts_what_matters_first_and_the_rest_by_name() -> None:
    counts = {"zebras": 1, "drifted": 0, "customers": 3, "apples": 2}
    assert [name for name, _ in in_order(counts)] == ["customers", "drifted", "apples", "zebras"]
    assert in_order(None) == []


def test_it_counts_one_thing_as_one() -> None:
    assert [counted(("promotion_codes", count)) for count in (1, 1200)] == [
        "1 promotion code",
        "1,200 promotion codes",
    ]


def test_it_leaves_out_of_a_summary_what_is_zero_and_what_nobody_asks_for() -> None:
    assert summary({"requests": 9, "drifted": 0, "customers": 12}) == "12\u00a0customers"
