"""A figure holds every repeat; percentiles are taken in each, then the median and the range of these."""

from bench.figure import Figure, percentile
from bench.neighbours import Taken, add


def test_a_percentile_is_a_value_that_was_measured():
    values = [float(each) for each in range(300, 0, -1)]
    assert [percentile(values, percent) for percent in (0, 50, 99, 100)] == [1, 150, 297, 300]
    assert percentile([3.0], 99) == 3


def test_percentiles_are_those_of_each_repeat():
    figure = Figure("drift", "How soon.")
    figure.add_latencies("seen, ", [[1, 2, 9], [3, 4, 5], [1, 1, 7]], p50=2, p99=6)
    assert [(each["name"], each["values"], each["median"], each["range"], each["met"]) for each in _json(figure)] == [
        ("seen, p50", [2, 4, 1], 2, [1, 4], True),
        ("seen, p99", [9, 5, 7], 7, [5, 9], False),
        ("seen, max", [9, 5, 7], 7, [5, 9], None),
    ]


def test_a_repeat_without_a_sample_has_no_value():
    figure = Figure("drift", "How soon.")
    figure.add_latencies("seen, ", [[], [3]])
    figure.add_latencies("repaired, ", [[], []])
    assert [(each["name"], each["values"]) for each in _json(figure)] == [
        ("seen, p50", [3]), ("seen, p99", [3]), ("seen, max", [3]),
    ]  # fmt: skip


def test_each_run_beside_a_trouble_is_compared_with_the_run_next_to_it():
    figure = Figure("isolation", "The same work.")
    trouble = [Taken(5, [2, 4]), Taken(8, [9, 9]), Taken(4, [3, 3])]
    calm = [Taken(4, [2, 4]), Taken(8, [3, 3]), Taken(5, [1, 3])]
    add(figure, "1 of 2: ", {"hanging": trouble, "suspended": calm})
    found = {each["name"]: (each["values"], each["median"], each["met"]) for each in _json(figure)}
    assert found["1 of 2: re-render, suspended"] == ([4, 8, 5], 5, None)
    assert found["1 of 2: rate of the others"] == ([0.8, 1, 1.25], 1, True)
    assert found["1 of 2: single ones p99, hanging"] == ([4, 9, 3], 4, None)
    assert found["1 of 2: p99 of the others"] == ([1, 3, 1], 1, True)
    assert found["1 of 2: p50 of the others"] == ([1, 3, 3], 3, None)


def _json(figure):
    return figure.to_json()["measures"]
