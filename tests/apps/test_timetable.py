"""When a scaler has which bounds: windows by cron expressions, over the changes of clocks too."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.cron import following, last
from apps.timetable import Bounds, Opening, Timetable
from apps.timezones import zone

BERLIN, UTC_ZONE = "Europe/Berlin", "Etc/UTC"
OFFICE = Opening("office", "0 8 * * 1-5", "0 18 * * 1-5", BERLIN, Bounds(5, 20))
MOMENTS = st.integers(0, 12 * 366 * 24 * 60).map(lambda minutes: at("2020-01-01T00:00") + timedelta(minutes=minutes))
EXPRESSIONS = st.sampled_from(
    [
        "0 8 * * 1-5",
        "30 2 * * *",
        "*/15 * * * *",
        "0 0 1 * *",
        "15 3 29 2 *",
        "0 12 13 * 5",
        "59 23 * * 0",
        "0 1-3 * * *",
    ]
)
ZONES = st.sampled_from([BERLIN, UTC_ZONE, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"])


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def timetable(*windows, least=2, most=10):
    return Timetable(Bounds(least, most), windows)


@pytest.mark.parametrize(
    ("moment", "bounds"),
    [
        ("2026-06-01T05:59", (2, 10)),  # Monday, 07:59 in Berlin
        ("2026-06-01T06:00", (5, 20)),
        ("2026-06-01T15:59", (5, 20)),
        ("2026-06-01T16:00", (2, 10)),
        ("2026-06-06T10:00", (2, 10)),  # Saturday
        ("2026-12-01T06:30", (2, 10)),  # in winter an hour later
        ("2026-12-01T07:00", (5, 20)),
    ],
)
def test_a_window_is_open_from_its_start_to_its_end(moment, bounds):
    assert timetable(OFFICE).at(at(moment)) == Bounds(*bounds)


def test_of_windows_that_overlap_the_greatest_bounds_hold_in_any_order():
    noon = Opening("noon", "0 12 * * *", "0 13 * * *", UTC_ZONE, Bounds(8, 12))
    moment = at("2026-06-01T12:30")
    assert timetable(OFFICE, noon).at(moment) == timetable(noon, OFFICE).at(moment) == Bounds(8, 20)


def test_a_window_may_go_over_midnight_and_have_less_than_the_scaler_itself():
    night = Opening("night", "0 22 * * *", "0 6 * * *", UTC_ZONE, Bounds(1, 2))
    found = timetable(night)
    assert [found.at(at(f"2026-06-0{each}:00")).least for each in ("1T21", "1T22", "2T05", "2T06")] == [2, 1, 1, 2]


def test_windows_that_follow_each_other_leave_no_gap():
    early = Opening("early", "0 6 * * *", "0 14 * * *", UTC_ZONE, Bounds(3, 6))
    late = Opening("late", "0 14 * * *", "0 22 * * *", UTC_ZONE, Bounds(4, 8))
    found = timetable(early, late)
    assert found.at(at("2026-06-01T13:59")) == Bounds(3, 6)
    assert found.at(at("2026-06-01T14:00")) == Bounds(4, 8)


def test_the_next_change_passes_over_edges_that_change_nothing():
    same = Opening("same", "0 * * * *", "30 * * * *", UTC_ZONE, Bounds(2, 10))
    assert timetable(OFFICE, same).next_change(at("2026-06-01T03:00")) == (at("2026-06-01T06:00"), Bounds(5, 20))
    assert timetable(OFFICE, same).next_change(at("2026-06-05T16:00")) == (at("2026-06-08T06:00"), Bounds(5, 20))


def test_where_nothing_changes_for_long_it_is_to_be_asked_again():
    same = Opening("same", "* * * * *", "0 0 29 2 *", UTC_ZONE, Bounds(2, 10))
    moment = at("2026-06-01T03:00")
    again, bounds = timetable(same).next_change(moment)
    assert (bounds, again > moment) == (Bounds(2, 10), True)


def test_a_timetable_without_windows_never_changes():
    assert timetable().next_change(at("2026-06-01T03:00")) is None


# --- clocks that are changed: in Berlin on 29 March 2026 from 2 to 3, on 25 October 2026 from 3 back to 2 ---


@pytest.mark.parametrize("expression", ["0 2 * * *", "30 2 * * *", "59 2 * * *"])
def test_what_a_clock_skips_comes_when_it_has_been_changed(expression):
    assert following(expression, zone(BERLIN), at("2026-03-28T12:00")) == at("2026-03-29T01:00")
    assert last(expression, zone(BERLIN), at("2026-03-29T01:00")) == at("2026-03-29T01:00")


@pytest.mark.parametrize(("expression", "once"), [("0 2 * * *", "00:00"), ("30 2 * * *", "00:30")])
def test_what_comes_twice_is_meant_the_first_time(expression, once):
    first = at(f"2026-10-25T{once}")
    assert following(expression, zone(BERLIN), at("2026-10-24T12:00")) == first
    assert following(expression, zone(BERLIN), first) > at("2026-10-26T00:00")
    assert last(expression, zone(BERLIN), at("2026-10-25T20:00")) == first


def test_a_window_that_begins_in_the_skipped_hour_opens_that_day():
    night = Opening("night", "30 2 * * *", "0 5 * * *", BERLIN, Bounds(1, 2))
    assert timetable(night).at(at("2026-03-29T00:59")) == Bounds(2, 10)
    assert timetable(night).at(at("2026-03-29T01:00")) == Bounds(1, 2)
    assert timetable(night).at(at("2026-03-29T03:00")) == Bounds(2, 10)


def test_a_window_that_lies_in_the_skipped_hour_does_not_open_that_day():
    short = Opening("short", "10 2 * * *", "50 2 * * *", BERLIN, Bounds(1, 2))
    assert timetable(short).at(at("2026-03-29T01:00")) == Bounds(2, 10)
    assert timetable(short).at(at("2026-03-30T00:30")) == Bounds(1, 2)


def test_a_window_that_ends_in_the_doubled_hour_ends_once():
    late = Opening("late", "0 22 * * *", "30 2 * * *", BERLIN, Bounds(1, 2))
    assert [timetable(late).at(at(f"2026-10-25T{each}")).least for each in ("00:29", "00:30", "01:15", "01:45")] == [
        1, 2, 2, 2,
    ]  # fmt: skip


def test_a_day_that_a_zone_skipped():
    """Samoa went from 29 to 31 December 2011."""
    assert following("0 8 30 12 *", zone("Pacific/Apia"), at("2011-12-30T00:00")) == at("2011-12-30T10:00")


def test_a_day_every_fourth_year_is_found_over_the_year_that_has_none():
    assert following("0 0 29 2 *", zone(UTC_ZONE), at("2096-03-01T00:00")) == at("2104-02-29T00:00")
    assert last("0 0 29 2 *", zone(UTC_ZONE), at("2104-02-28T00:00")) == at("2096-02-29T00:00")


def test_with_days_of_month_and_week_either_is_enough():
    friday_or_13th = [
        following("0 0 13 * 5", zone(UTC_ZONE), at(each)) for each in ("2026-06-07T00:00", "2026-06-12T00:00")
    ]
    assert friday_or_13th == [at("2026-06-12T00:00"), at("2026-06-13T00:00")]


@given(EXPRESSIONS, ZONES, MOMENTS)
def test_last_and_following_enclose_the_moment_and_agree(expression, name, moment):
    before, after = last(expression, zone(name), moment), following(expression, zone(name), moment)
    assert before <= moment < after
    assert following(expression, zone(name), before) == after
    assert last(expression, zone(name), after - timedelta(seconds=1)) == before


@given(st.lists(st.tuples(EXPRESSIONS, EXPRESSIONS, ZONES), min_size=1, max_size=3), MOMENTS)
@settings(max_examples=50)
def test_till_the_next_change_nothing_changes(windows, moment):
    found = timetable(
        *(
            Opening(str(place), start, end, name, Bounds(3 + place, 12))
            for place, (start, end, name) in enumerate(windows)
        )
    )
    change = found.next_change(moment)
    at, bounds = change
    assert at > moment
    assert found.at(at) == bounds
    assert found.at(at - timedelta(seconds=1)) == found.at(moment)
