"""The forms of a counted word: which of them a number takes, in the languages that we speak.

The rules are those for whole numbers of Unicode's CLDR 48 (`supplemental/plurals.xml`); what
browsers have as `Intl.PluralRules` is the same, and a test compares the two.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Final, Self

_LAST_NUMBER: Final = re.compile(r"(\d+)\+?$")
_MILLION: Final = 10**6


@dataclass(frozen=True, slots=True)
class Counted:
    """A counted word's forms by category; None for those that its language does not have."""

    other: str
    zero: str | None = None
    one: str | None = None
    two: str | None = None
    few: str | None = None
    many: str | None = None

    @classmethod
    def of(cls, forms: object, lang: str) -> Self:
        """Take the `forms` by category. Raises `ValueError` if they are not those of `lang`."""
        wanted = _CATEGORIES.get(lang, ())
        if not isinstance(forms, dict) or forms.keys() != set(wanted):
            raise ValueError(f"a counted word of {lang} has the forms {', '.join(wanted)}")
        return cls(**forms)

    def __str__(self) -> str:
        return self.other

    def form(self, category: str) -> str:
        """Return the form of `category`."""
        return self.forms[category]

    @property
    def forms(self) -> Mapping[str, str]:
        """The forms that there are, by category."""
        every = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: form for name, form in every if form is not None}


_ONE_OTHER: Final = ("one", "other")
_ONE_MANY_OTHER: Final = ("one", "many", "other")
_CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "ar": ("zero", "one", "two", "few", "many", "other"),
        "de": _ONE_OTHER,
        "en": _ONE_OTHER,
        "es": _ONE_MANY_OTHER,
        "fr": _ONE_MANY_OTHER,
        "it": _ONE_MANY_OTHER,
        "ja": ("other",),
        "nl": _ONE_OTHER,
        "pl": ("one", "few", "many", "other"),
        "pt": _ONE_MANY_OTHER,
        "tr": _ONE_OTHER,
        "vi": ("other",),
    }
)


def categories(lang: str) -> tuple[str, ...]:
    """Return the categories of `lang`; what a language has for fractions only is among them."""
    return _CATEGORIES[lang]


def category(lang: str, n: int) -> str:
    """Return the category that the whole number `n`, 0 or more, has in `lang`."""
    wanted = _category(lang, n)
    return wanted if wanted in categories(lang) else "other"


def category_of_band(lang: str, band: str) -> str:
    """Return the category of a band of viewers such as "3-9" or "1000+".

    CLDR's `pluralRanges.xml` gives every range that begins at three or above that of its end.
    """
    end = _LAST_NUMBER.search(band)
    return "other" if end is None else category(lang, int(end[1]))


def _category(lang: str, n: int) -> str:
    match lang:
        case "ar":
            return _arabic(n)
        case "pl":
            return _polish(n)
        case "fr" | "pt" if n == 0:
            return "one"
        case _ if n == 1:
            return "one"
        case _ if n and n % _MILLION == 0:
            return "many"
        case _:
            return "other"


def _arabic(n: int) -> str:
    if n <= 2:
        return ("zero", "one", "two")[n]
    match n % 100:
        case rest if 3 <= rest <= 10:
            return "few"
        case rest if rest >= 11:
            return "many"
        case _:
            return "other"


def _polish(n: int) -> str:
    if n == 1:
        return "one"
    return "few" if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else "many"
