"""The fixed texts of the crew's screens, in every language that notes exist in.

English is in this module, where nothing can damage it; one file per other language in `crew/` has
the same texts. All of it is read once, when this module is imported, as the notes are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter
from typing import Final

from likelight.assets.catalogue import DEFAULT, CatalogueError, parse
from likelight.assets.plurals import Counted, category_of_band

FOLDER: Final = Path(__file__).with_name("crew")
_THOUSANDS: Final = re.compile(r"(\d{1,3})000-(\d{1,3})999")
_WATCHING: Final = Counted(one="watching", other="watching")
_SO_MANY_WATCHING: Final = Counted(one="{band} watching", other="{band} watching")


@dataclass(frozen=True, slots=True)
class CrewWords:
    """The texts of one language, by their meaning; fields in braces are filled in when drawn.

    Times and dates are `datetime` and `date`, so that each language writes them in its own form.
    """

    lang: str = "en"
    rtl: bool = False

    today: str = "today"
    so_many_today: str = "{number} today"
    watching: Counted = _WATCHING
    so_many_watching: Counted = _SO_MANY_WATCHING
    to: str = "–"
    thousands: str = ","

    quiet: str = "All quiet"
    on_air: str = "On air"
    thanks_sent: str = "Thanks sent"
    thanks_kept: str = "Thanks kept."
    thanks_wait: str = "It goes out when the internet is back."
    new_notes: str = "New notes"
    test: str = "A test. Nobody sent this note."

    camera_off: str = "Camera off."
    press_again: str = "Press again to share."
    again_at: str = "On again at {time:%H:%M}."
    again_on: str = "On again {day} at {time:%H:%M}."
    tomorrow: str = "tomorrow"
    monday: str = "Monday"
    tuesday: str = "Tuesday"
    wednesday: str = "Wednes\u00adday"
    thursday: str = "Thursday"
    friday: str = "Friday"
    saturday: str = "Saturday"
    sunday: str = "Sunday"
    waits_for_consent: str = "It waits for your consent."
    notice: str = "Notice {number}"
    signed: str = "Signed on paper? It holds until {date:%-d %b %Y}."
    recorded: str = "Consent recorded."
    press_privacy: str = "Press PRIVACY to share."
    aim: str = "Aim the camera."
    aim_ends: str = "PRIVACY ends it."
    aim_page: str = "See it on the page."
    office: str = "The office switched it off."
    consent_ends: str = "Consent ends soon."
    consent_until: str = "It holds until {date:%-d %b}."
    camera_trouble: str = "Camera trouble."
    lamp_works: str = "The lamp still works."
    if_it_stays: str = "If this stays, call IT, code {code}."

    welcome: str = "Good to see you."
    waking: str = "The lamp is waking up."
    no_internet: str = "No internet."
    no_connection: str = "No con\u00adnection."
    still_works: str = "The lamp and your buttons still work."
    wrong_time: str = "The clock is wrong."
    settings_mistake: str = "A setting is wrong."
    card_full: str = "Memory card full."
    card_failing: str = "Memory card fault."
    call_it: str = "Call IT, code {code}."

    line_write: str = "Line {line}: write “{text}”."
    line_add: str = "Add the line “{text}”."
    line_delete: str = "Delete line {line}."
    save_as_text: str = "Save it as text in UTF-8."
    reset_title: str = "Another store?"
    masks_title: str = "Show more?"
    masks_detail: str = "The camera then shows what is covered now."
    reset_detail: str = "Consent, notes and likes are then gone."
    stick_title: str = "USB stick?"
    stick_network: str = "Network: {name}."
    stick_name: str = "Name: {name}."
    stick_language: str = "Lan\u00adguage: {name}."
    stick_masks: str = "Other masks."
    wifi_off: str = "Wi-Fi is off."
    wifi_unseen: str = "Wi-Fi not found."
    wifi_refused: str = "Wi-Fi password refused."
    no_link: str = "No cable, no Wi-Fi."
    no_address: str = "No network address."
    no_name: str = "Cloud name unknown."
    log_in: str = "The network wants a log-in."
    not_secure: str = "No secure con\u00adnection."
    no_answer: str = "The cloud is silent."
    code_used: str = "Code already used."
    code_void: str = "Code no longer valid."

    stuck: str = "{name} is stuck."
    wipe_one: str = "Wipe it, or call IT, code {code}."
    both_stuck: str = "Buttons stuck."
    wipe_both: str = "Wipe them, or call IT, code {code}."

    updating: str = "Updating"
    so_far_updated: str = "Update: {percent}%"
    keep_power: str = "Please leave the power on."
    tell_code: str = "Tell IT this code"
    code: str = "Pairing code"

    panel: str = "Panel"
    buttons: str = "Buttons"
    lamp: str = "Lamp"
    on_air_light: str = "On-air light"
    camera: str = "Camera"
    consent: str = "Consent"
    network: str = "Network"
    cloud: str = "Cloud"
    read_this: str = "Can you read this?"
    buttons_answer: str = "THANKS: yes, PRIVACY: no"
    press: str = "Press {name}"
    hold: str = "Hold {name} for {seconds} s."
    glows: str = "It glows"
    does_it_glow: str = "Does it glow?"
    red_green_blue: str = "Red, green, blue?"
    on_off: str = "On, and off"
    on_and_off: str = "On and off?"
    two_seconds: str = "On for 2 seconds"
    looking: str = "Looking…"
    asking: str = "Asking…"
    passed: str = "Passed."
    failed: str = "Failed."
    not_seen: str = "Not seen."

    def band(self, viewers: str) -> str:
        """Write a band of viewers such as "30-49" as this language does.

        Thousands are rounded, "1000-2999" to "1k–3k": twice four figures are wider than a panel.
        """
        if (found := _THOUSANDS.fullmatch(viewers)) is None:
            return viewers.replace("-", self.to)
        low, high = int(found[1]), int(found[2]) + 1
        return f"{low}k+" if low >= 100 else f"{low}k{self.to}{high}k"

    def watching_as(self, viewers: str) -> str:
        """Return the word for what a band of viewers does, in the form that its number takes."""
        return self.watching.form(category_of_band(self.lang, viewers))

    def so_many(self, viewers: str) -> str:
        """Say how many watch: "30–49 watching"."""
        said = self.so_many_watching.form(category_of_band(self.lang, viewers))
        return said.format(band=self.band(viewers))

    def again(self, opens: datetime, today: date) -> str:
        """Say when the camera is on again, with the day unless that is `today`."""
        days = (opens.date() - today).days
        if days <= 0:
            return self.again_at.format(time=opens)
        week = (
            self.monday,
            self.tuesday,
            self.wednesday,
            self.thursday,
            self.friday,
            self.saturday,
            self.sunday,
        )
        day = self.tomorrow if days == 1 else week[opens.weekday()]
        return self.again_on.format(day=day, time=opens)

    def spellings(self, number: int) -> tuple[str, ...]:
        """Return ways to write `number`, the exact one first; a short one is never higher."""
        if number < 1000:
            return (str(number),)
        point = "." if self.thousands == "," else ","
        millions = f"{number // 10**5 / 10:.1f}M".replace(".", point)
        short = f"{number // 1000}k" if number < 10**6 else millions
        return f"{number:,}".replace(",", self.thousands), short


ENGLISH: Final = CrewWords()
_COUNTED: Final = tuple(
    field.name for field in fields(CrewWords) if isinstance(getattr(ENGLISH, field.name), Counted)
)

_SAMPLES: Final[Mapping[str, object]] = {
    "number": "128",
    "band": "30-49",
    "percent": 42,
    "seconds": 5,
    "code": "C1",
    "line": 12,
    "text": "language = en",
    "name": "THANKS",
    "day": "tomorrow",
    "time": datetime(2026, 12, 1, 11, 30, tzinfo=UTC),
    "date": date(2026, 12, 1),
}


def read_folder(folder: Path) -> tuple[Mapping[str, CrewWords], tuple[str, ...]]:
    """Read every language; return them without the damaged ones, and what is wrong."""
    found = {DEFAULT: ENGLISH}
    trouble: list[str] = []
    for file in sorted(folder.glob("*.json")):
        try:
            found[file.stem] = _read(file)
        except CatalogueError as error:
            trouble.append(str(error))
    return found, tuple(trouble)


def _read(file: Path) -> CrewWords:
    content = parse(file)
    words = content.get("words")
    keys = {field.name for field in fields(CrewWords)} - {"lang", "rtl"}
    if not isinstance(words, dict) or words.keys() != keys:
        raise CatalogueError(f"{file} doesn't hold the words of the crew's screens")
    for key, word in words.items():
        english = getattr(ENGLISH, key)
        counted = isinstance(english, Counted)
        texts = word.values() if counted and isinstance(word, dict) else [word]
        for text in texts:
            if not isinstance(text, str) or not text or not _can_be_filled(str(english), text):
                raise CatalogueError(f"{file}: {key} holds something else than its words: {text!r}")
    read = dict(words)
    try:
        read |= {key: Counted.of(words[key], file.stem) for key in _COUNTED}
    except ValueError as error:
        raise CatalogueError(f"{file}: {error}") from error
    return CrewWords(lang=file.stem, rtl=content.get("dir") == "rtl", **read)


def _can_be_filled(english: str, text: str) -> bool:
    """Return whether `text` has only fields of the English text, and can be formatted."""
    try:
        text.format(**_SAMPLES)
        return _taken(text) == _taken(english)
    except (ValueError, LookupError, AttributeError):
        return False


def _taken(text: str) -> set[str]:
    """Return the names of the fields of `text`: {"date"} for "{date.day}.{date.month}"."""
    names = (name for _, name, _, _ in Formatter().parse(text) if name is not None)
    return {name.partition(".")[0] for name in names}


_BY_LANGUAGE, _trouble = read_folder(FOLDER)
TROUBLE: Final = _trouble
"""What is wrong with the installed files, in words; to fix it, install likelight again."""


def load(lang: str) -> CrewWords:
    """Return the words of a language by its two letters; English where they are missing."""
    return _BY_LANGUAGE.get(lang, ENGLISH)


def languages() -> tuple[str, ...]:
    """Return the languages that the crew's screens speak, in alphabetical order."""
    return tuple(sorted(_BY_LANGUAGE))
