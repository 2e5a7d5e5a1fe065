"""The opening hours and the likes of today, as the page of a closed kitchen has them."""

from collections.abc import Mapping

from likelight.contract import Summary
from likelight.contract.schedule import WEEKDAYS
from likelight_cloud.page.languages import number

_CLOSED = "closed"


def hours_words(lang: str, words: Mapping[str, str], summary: Summary | None) -> dict[str, object]:
    """Return `week`, the words of each day from Monday on, empty where the hours are not limited or
    not known; whether it `opens_ever`, and how many likes there are today.

    `daysOf` in static/hours.js makes the same of a later summary.
    """
    rows = summary.hours.week if summary and summary.hours else {}
    days = [rows.get(day, _CLOSED) for day in WEEKDAYS] if rows else []
    return {
        "week": [_told(day, words) for day in days],
        "opens_ever": any(day != _CLOSED for day in days),
        "today_words": number(lang, summary.likes.today if summary else 0),
    }


def _told(day: str, words: Mapping[str, str]) -> str:
    return words["day_closed"] if day == _CLOSED else day.replace("-", "\N{EN DASH}")
