"""The crew's own screens in every language on every panel: their letters, size, pages and place."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path

import pytest

from likelight.appreciation.obstacle import Obstacle
from likelight.appreciation.panel.headline import answers, headline
from likelight.appreciation.panel.note_fit import MOST_PAGES, cut_word
from likelight.appreciation.panel.situation import LineToMend, Situation
from likelight.appreciation.screens import figure, message, pairing
from likelight.appreciation.screens.canvas import Canvas
from likelight.appreciation.screens.geometry import FLOOR_ARC_MIN, em_for, geometry
from likelight.appreciation.screens.layout import MAX_LINES, Ems, Line, Paragraph, setting
from likelight.appreciation.screens.models import (
    CountScreen,
    HoldScreen,
    IdleScreen,
    NewNotesScreen,
    NoteScreen,
    OnAirScreen,
    Page,
    PairingScreen,
    PrivateScreen,
    Screen,
    SelfTestScreen,
    StatusScreen,
    ThanksScreen,
    UpdatingScreen,
)
from likelight.appreciation.screens.render import pages
from likelight.appreciation.sync.client import FailureKind
from likelight.appreciation.sync.connection import CloudConnection
from likelight.assets import catalogue, crew_words
from likelight.assets.breaking import Words, split
from likelight.assets.crew_words import ENGLISH, CrewWords
from likelight.assets.fonts import UNSEEN, face_of, missing
from likelight.assets.typeface import ink_of, shaping_available
from likelight.contract import Cause, State
from likelight.runtime.troubles import Trouble
from likelight_hw.panels import PANELS
from likelight_hw.ports import Rgb

LANGUAGES = crew_words.languages()
ARABIC = crew_words.load("ar")
CALM = Situation(CloudConnection.CONNECTED, State.IDLE, likes_today=128)

needs_fribidi = pytest.mark.skipif(
    not shaping_available(), reason="Arabic needs libfribidi0: apt install libfribidi0"
)
every_language = pytest.mark.parametrize(
    "lang", [pytest.param("ar", marks=needs_fribidi), *LANGUAGES[1:]]
)
STRICTEST = {
    (panel.info.width, panel.info.height): name
    for name, panel in sorted(PANELS.items(), key=lambda each: geometry(each[1].info).ems.floor)
}
"""Of the panels of equal pixels the one with the largest floor: the others hold what it holds."""
every_panel = pytest.mark.parametrize("panel", STRICTEST.values())
SMALLEST = (128, 64)
OPENS = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)

NEW = replace(CALM, connection=CloudConnection.STARTING, has_worked=False)
ON_THE_WAY = tuple(Obstacle)[: tuple(Obstacle).index(Obstacle.CODE_USED)]
"""While one of these is there no code can be had that an operator could confirm."""

SITUATIONS = [
    *(
        replace(CALM, connection=CloudConnection.OFFLINE, failure=failure)
        for failure in FailureKind
    ),
    *(
        replace(CALM, connection=connection)
        for connection in (
            CloudConnection.STARTING,
            CloudConnection.REFUSED,
            CloudConnection.SUPERSEDED,
        )
    ),
    *(
        replace(
            NEW, obstacle=obstacle, pairing_code=None if obstacle in ON_THE_WAY else "K7QF-2MXP"
        )
        for obstacle in Obstacle
    ),
    *(replace(CALM, troubles=(trouble,)) for trouble in Trouble),
    *(
        replace(CALM, camera=camera, file_mistakes=(LineToMend(12, remedy, "board = pi-5"),))
        for camera, remedy in (
            (State.IDLE, "write"),
            (State.IDLE, "add"),
            (State.IDLE, "save"),
            (State.PRIVATE, "delete"),
        )
    ),
    *(replace(CALM, stuck=stuck) for stuck in (("PRIVACY",), ("THANKS", "PRIVACY"))),
    *(replace(CALM, camera=State.OFF, cause=cause) for cause in (Cause.CONSENT, Cause.DESIRED)),
    *(
        replace(CALM, camera=State.CLOSED, opens_at=OPENS + timedelta(days), today=OPENS.date())
        for days in range(8)
    ),
    replace(CALM, consent_until=date(2026, 12, 28)),
    *(replace(CALM, camera=State.FAULT, trouble=trouble) for trouble in (None, "K1")),
]


def screens(words: CrewWords) -> Iterator[Screen]:
    """Yield each screen on which the crew reads words that nobody sent."""
    yield from answers(words)
    yield from (headline(situation, words) for situation in SITUATIONS)
    yield NoteScreen(words.test, "wrench", words.rtl)
    for likes in (128, 12_480):
        yield IdleScreen(likes, words)
    for band in ("100-299", "30000-49999", "100000-299999"):
        yield OnAirScreen(band, words)
        yield IdleScreen(12_480, words, band, on_air=True)
        yield CountScreen(12_480, band, True, words)
    yield CountScreen(128, None, False, words)
    for title, detail in (
        (words.reset_title, words.reset_detail),
        (words.masks_title, words.masks_detail),
        (words.stick_title, stick(words)),
    ):
        held = words.hold.format(name="THANKS", seconds=3)
        yield StatusScreen(title, f"{detail} {held}", "wrench")
    yield NewNotesScreen(tuple(note.text for note in catalogue.load(words.lang).notes[:3]), words)
    yield UpdatingScreen(None, words)
    yield UpdatingScreen(1.0, words)
    yield PairingScreen("K7QF-2MXP", words)
    for title, detail in self_test(words):
        yield SelfTestScreen(2, 7, title, detail)
    yield from consent(words)


def stick(words: CrewWords) -> str:
    """Return all that a USB stick may change."""
    changes = words.stick_network, words.stick_name, words.stick_language
    filled = zip(changes, ("Kitchen 5G", "Harbour", "de"), strict=True)
    return " ".join((*(word.format(name=new) for word, new in filled), words.stick_masks))


def consent(words: CrewWords) -> Iterator[Screen]:
    """Yield what the panel asks, and what it says once the crew has consented."""
    signed = words.signed.format(date=date(2027, 12, 28))
    for buttons in ("THANKS", "THANKS + PRIVACY"):
        hold = words.hold.format(name=buttons, seconds=5)
        asks = StatusScreen(words.notice.format(number="12"), f"{signed} {hold}", "camera_crossed")
        yield from (asks, HoldScreen(asks, 5, 3))
    yield StatusScreen(words.recorded, words.press_privacy, "check")
    for how in (words.aim_ends, words.aim_page):
        yield StatusScreen(words.aim, how, "camera")


def self_test(words: CrewWords) -> Iterator[tuple[str, str]]:
    """Yield the title and the words of what the self-test says on the panel."""
    verdicts = words.passed, words.failed, words.not_seen
    said = {
        words.panel: (words.read_this, *verdicts),
        words.buttons: (words.press.format(name="PRIVACY"), words.buttons_answer, *verdicts),
        words.lamp: (words.glows, words.does_it_glow, words.red_green_blue, *verdicts),
        words.on_air_light: (words.on_off, words.on_and_off, *verdicts),
        words.consent: verdicts,
        words.camera: (words.two_seconds, *verdicts),
        words.network: (words.looking, *verdicts),
        words.cloud: (words.asking, *verdicts),
    }
    for title, details in said.items():
        for detail in details:
            yield title, detail


@dataclass(frozen=True)
class Press:
    """What is drawn on a panel, without drawing it."""

    lines: list[Line]
    icons: list[tuple[str, int, int, int]]


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> Press:
    drawn = Press([], [])

    def text(_canvas: Canvas, lines: list[Line], _colour: Rgb) -> tuple[str, ...]:
        drawn.lines.extend(lines)
        return tuple(line.text for line in lines)

    def icon(_canvas: Canvas, name: str, x: int, y: int, size: int, _colour: Rgb) -> None:
        drawn.icons.append((name, x, y, size))

    monkeypatch.setattr(Canvas, "text", text)
    monkeypatch.setattr(Canvas, "icon", icon)
    for ornament in ("glow", "tally", "tile", "dots", "bar", "steps"):
        monkeypatch.setattr(Canvas, ornament, lambda *_: None)
    return drawn


@cache
def pages_in_english(panel: str) -> list[int]:
    return [len(pages(screen, PANELS[panel].info)) for screen in screens(ENGLISH)]


@every_panel
@every_language
def test_every_screen_fits_every_panel(
    lang: str, panel: str, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the least type: what fits in that decides the pages, and to search for more takes long."""
    least = geometry(PANELS[panel].info)
    least = replace(least, ems=Ems(least.ems.floor, least.ems.floor))
    for module in (message, figure, pairing):
        monkeypatch.setattr(module, "geometry", lambda _: least)
    check_screens(lang, panel, press)


@pytest.mark.parametrize("panel", ["oled-0.96", "lcd-7"])
@pytest.mark.parametrize("lang", [pytest.param("ar", marks=needs_fribidi), "de", "ja", "vi"])
def test_every_script_fits_in_the_type_that_is_chosen(lang: str, panel: str, press: Press) -> None:
    check_screens(lang, panel, press)


def check_screens(lang: str, panel: str, press: Press) -> None:
    """A crew turns one page more than an English one at most, or as many as a note has; one more on
    128x64. A title is on one page, on two lines at most."""
    info, words = PANELS[panel].info, crew_words.load(lang)
    floor = em_for(info, FLOOR_ARC_MIN)
    least = MOST_PAGES + ((info.width, info.height) == SMALLEST)
    for screen, english in zip(screens(words), pages_in_english(panel), strict=True):
        press.lines.clear()
        press.icons.clear()
        shown = pages(screen, info)

        assert 1 <= len(shown) <= max(least, english + 1), screen
        said = sentences(screen)
        assert lines_of_title(screen, shown) <= 2, screen
        if isinstance(screen, StatusScreen) and len(shown) > 1:
            assert_no_sentence_is_torn(screen, shown, panel)
        if said:
            torn = cut_word(" ".join(said), [line for page in shown for line in page.text])
            assert torn is None, screen
        for line in press.lines:
            left, top, right, bottom = ink_of(line.text, line.em, line.bold, line.face)
            start = round(line.x - (left + right) / 2) + left
            assert not missing(line.text), (screen, line)
            assert line.em >= floor, (screen, line)
            assert start >= 0, (screen, line)
            assert start + right - left <= info.width, (screen, line)
            assert line.baseline + top >= 0, (screen, line)
            assert line.baseline + bottom <= info.height, (screen, line)
        for name, x, y, size in press.icons:
            assert 0 <= x <= info.width - size, (screen, name)
            assert 0 <= y <= info.height - size, (screen, name)


def assert_no_sentence_is_torn(screen: StatusScreen, shown: tuple[Page, ...], panel: str) -> None:
    """A sentence begins a page, and ends on it if it fits there alone."""
    sizes = geometry(PANELS[panel].info)
    area = sizes.above_foot(sizes.beside_glyph)
    begins = list(accumulate((len(written("".join(page.text))) for page in shown), initial=0))
    at = 0
    sentences = re.findall(r".+?(?:[.?؟](?= |$)|[。？]|$)", screen.detail)
    for sentence, whole in [(screen.title,) * 2, *((each, screen.detail) for each in sentences)]:
        end = at + len(written(sentence))
        words = Words(split(sentence), face_of(whole))
        alone = [Paragraph(words, bold=at == 0, most=2 if at == 0 else MAX_LINES)]
        assert at in begins, (screen, sentence)
        if setting(alone, area, sizes.ems.floor, sizes.ems) is not None:
            assert not any(at < begin < end for begin in begins), (screen, sentence)
        at = end


def lines_of_title(screen: Screen, shown: tuple[Page, ...]) -> int:
    """Return on how many lines the title of `screen` is; more than there are if on two pages."""
    match screen:
        case UpdatingScreen(None, words):
            title = words.updating
        case UpdatingScreen(progress, words) if progress is not None:
            title = words.so_far_updated.format(percent=round(100 * progress))
        case OnAirScreen(_, words):
            title = words.on_air
        case IdleScreen(_, words, None):
            title = words.quiet
        case IdleScreen():
            # All but the likes of the day, which stand below or on the next page.
            return len(shown[0].text) - (len(shown) == 1)
        case NoteScreen():
            return 0
        case _:
            title = next(iter(sentences(screen)), "")
    letters, lines = written(title), shown[0].text
    for count in range(len(lines) + 1):
        if written("".join(lines[:count])) == letters:
            return count
    return MAX_LINES + 1


def written(text: str) -> str:
    """Return the letters of a text, however it is broken into lines."""
    return "".join(letter for letter in text if not (letter.isspace() or letter in UNSEEN | {"-"}))


def sentences(screen: Screen) -> tuple[str, ...]:
    """Return all that a screen of sentences says, as it is written; nothing for a number's."""
    match screen:
        case StatusScreen(title, detail, _) | SelfTestScreen(_, _, title, detail, _):
            return title, detail
        case NoteScreen(text, _, _):
            return (text,)
        case PrivateScreen(words):
            return words.camera_off, words.press_again
        case ThanksScreen(words):
            return (words.thanks_sent,)
    return ()


def test_the_crew_s_screens_speak_the_languages_of_the_notes() -> None:
    assert catalogue.languages() == LANGUAGES
    assert crew_words.TROUBLE == ()
    for lang in LANGUAGES:
        assert crew_words.load(lang).rtl is (catalogue.load(lang).dir == "rtl")


def test_numbers_days_and_hours_are_written_as_the_language_does() -> None:
    german, french, japanese = (crew_words.load(lang) for lang in ("de", "fr", "ja"))
    opening = replace(CALM, camera=State.CLOSED, opens_at=datetime(2026, 1, 2, 9, 5, tzinfo=UTC))
    ending = replace(CALM, consent_until=date(2026, 12, 1))

    assert headline(opening, french) == StatusScreen(
        "Caméra éteinte.", "De retour à 09h05.", "clock"
    )
    assert headline(ending, german) == StatusScreen(
        "Euer Ja endet bald.", "Es gilt bis 1.12. Ruft die IT an: Code A1.", "clock"
    )
    assert "12月1日" in str(headline(ending, japanese)).replace("\\u200b", "")
    assert german.spellings(12_480) == ("12.480", "12k")
    assert german.spellings(1_250_000) == ("1.250.000", "1,2M")
    assert ENGLISH.spellings(1_250_000) == ("1,250,000", "1.2M")
    assert german.band("300-999") == "300–999"
    assert german.band("1000-2999") == "1k–3k"
    assert german.band("100000-299999") == "100k+"
    assert german.band("a lot") == "a lot"
    (page,) = pages(IdleScreen(128, german), PANELS["lcd-7"].info)
    assert page.text == ("Alles ruhig", "128 heute")


def test_the_day_is_named_when_the_kitchen_opens_on_another() -> None:
    def said(lang: str, days: int) -> str:
        today = OPENS.date() - timedelta(days)
        closed = replace(CALM, camera=State.CLOSED, opens_at=OPENS, today=today)
        screen = headline(closed, crew_words.load(lang))
        assert isinstance(screen, StatusScreen)
        return screen.detail

    assert said("en", 0) == "On again at 20:30."
    assert said("en", 1) == "On again tomorrow at 20:30."
    assert said("en", 2) == said("en", 7) == "On again Sunday at 20:30."
    assert said("it", 3) == "Torna domenica alle 20:30."
    for lang in LANGUAGES:
        assert len({said(lang, days) for days in range(3)}) == 3


@needs_fribidi
def test_a_row_in_arabic_begins_at_the_right(press: Press) -> None:
    pages(IdleScreen(128, ARABIC), PANELS["lcd-7"].info)

    (_, heart, _, _), row = press.icons[0], press.lines[-1]
    assert row.text == "128 اليوم"
    assert heart > row.x


GOOD = {"dir": "ltr", "words": {**asdict(ENGLISH), "today": "hodie"}}
for key in ("lang", "rtl"):
    del GOOD["words"][key]
for key in ("watching", "so_many_watching"):
    GOOD["words"][key] = getattr(ENGLISH, key).forms


def damaged(**words: object) -> str:
    return json.dumps({**GOOD, "words": {**GOOD["words"], **words}})


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"words": {"today": "hodie"}}',
        damaged(today=7),
        damaged(today=""),
        damaged(extra="more"),
        damaged(today="{number}"),
        damaged(call_it="Call IT."),
        damaged(call_it="Call IT, code {code"),
        damaged(call_it="Call IT, code {code.digit}."),
        damaged(again_at="On again at {time:%H:%M} {}."),
        damaged(watching="spectant"),
        damaged(watching={"other": "spectant"}),
        damaged(watching={"one": "spectat", "few": "spectant", "other": "spectant"}),
        damaged(so_many_watching={"one": "{band} spectat", "other": "spectant"}),
    ],
)
def test_a_damaged_language_is_reported_and_the_crew_reads_english(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / "de.json").write_text(content)
    (tmp_path / "nl.json").write_text(json.dumps(GOOD))

    found, trouble = crew_words.read_folder(tmp_path)

    assert sorted(found) == ["en", "nl"]
    assert found["nl"].today == "hodie"
    (told,) = trouble
    assert "de.json" in told
