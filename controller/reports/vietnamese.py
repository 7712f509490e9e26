"""How Vietnamese official papers write numbers and dates (NĐ 30/2020); no locale is asked."""

from datetime import date, datetime, timedelta, timezone
from typing import Final

HANOI: Final = timezone(timedelta(hours=7))
"""Viet Nam has one time zone and no summer time."""


def number(value: int) -> str:
    """Write 12345 as `12.345`."""
    return f"{value:,}".replace(",", ".")


def percent(part: int, whole: int) -> str:
    """Write a share as `81,8%`, cut and not rounded: 100% is said only of the whole. `whole` is above 0."""
    tenths = 1000 * part // whole
    return f"{tenths // 10}%" if tenths % 10 == 0 else f"{tenths // 10},{tenths % 10}%"


def month(value: int) -> str:
    """Write January and February with a nought, as the rule for official papers wants it."""
    return f"{value:02}" if value <= 2 else str(value)


def day(value: date) -> str:
    """Write a date as `31/8/2022`."""
    return f"{value.day}/{value.month}/{value.year}"


def in_hanoi(moment: datetime) -> date:
    """Return the date in Viet Nam at an aware moment."""
    return moment.astimezone(HANOI).date()


def hanoi_time(moment: datetime) -> str:
    """Write an aware moment as `2022-08-31 16:30 Hanoi time`."""
    return f"{minute_in_hanoi(moment)} Hanoi time"


def minute_in_hanoi(moment: datetime) -> str:
    """Write an aware moment as `2022-08-31 08:16`, by the clock in Viet Nam, for screens and programs."""
    return f"{moment.astimezone(HANOI):%Y-%m-%d %H:%M}"


def read_day(text: str) -> date | None:
    """Read `2022-08-31`, `31/8/2022` or `31-8-2022`; None when the text is no date."""
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007  a date has no zone
        except ValueError:
            continue
    return None
