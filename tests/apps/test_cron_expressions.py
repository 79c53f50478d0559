import pytest

from apps.cron import check
from apps.timezones import ZONES


@pytest.mark.parametrize(
    "expression",
    [
        "* * * * *", "0 3 * * *", "*/5 0-6,22 1,15 * *", "59 23 31 12 6", "5/10 * * * *", "0 0 29 2 *",
        "0 0 * jan-Mar MON-fri", "0 0 31 2 1", "0 0 30 1,2 *", "10-50/20 * * * *",
    ],
)  # fmt: skip
def test_what_the_controller_takes(expression):
    check(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * 0 *",
        "* * * * 7", "5-1 * * * *", "*/0 * * * *", "*-5 * * * *", "1,,2 * * * *", "a * * * *", "* * * mon *", "@daily",
        "TZ=UTC * * * * *", "*  * * * *", " * * * * *", "-1 * * * *", "1.5 * * * *", "٣ * * * *",
    ],
)  # fmt: skip
def test_what_it_would_refuse(expression):
    with pytest.raises(ValueError):
        check(expression)


@pytest.mark.parametrize("expression", ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31 feb *"])
def test_a_day_that_never_comes(expression):
    with pytest.raises(ValueError, match="no such day"):
        check(expression)


def test_time_zones_are_those_of_iana():
    assert {"Etc/UTC", "Europe/Berlin", "Asia/Shanghai"} <= ZONES
    assert not {"Local", "Mars/Olympus", ""} & ZONES
