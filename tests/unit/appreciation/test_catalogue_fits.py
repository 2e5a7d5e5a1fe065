"""Every note in every language on every panel: all its letters, rightly joined, large and whole."""

import unicodedata
from functools import cache

import pytest
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

from likelight.appreciation.panel.note_fit import MOST_PAGES, cut_word
from likelight.appreciation.screens.canvas import Canvas
from likelight.appreciation.screens.geometry import FLOOR_ARC_MIN, em_for, geometry
from likelight.appreciation.screens.layout import Line
from likelight.appreciation.screens.models import NoteScreen
from likelight.appreciation.screens.render import pages
from likelight.assets import catalogue
from likelight.assets.fonts import FILES, UNSEEN, Face, face_of
from likelight.assets.typeface import cap_height, draw_line, font, ink_of, shaping_available
from likelight.contract import CatalogueNote
from likelight_hw.panels import PANELS

LANGUAGES = ["ar", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "tr", "vi"]
NOTES = [(lang, note) for lang in LANGUAGES for note in catalogue.load(lang).notes]
SAMPLE = {
    Face.LATIN: "H",
    Face.WIDE: "H",
    Face.ARABIC: "ا",
    Face.JAPANESE: "国",
}
"""What stands for a face's height: a capital, an alef, a kanji that fills its square."""

ALEFS = "اأإآ"
JOINS_BACK_ONLY = frozenset(ALEFS + "دذرزوؤة")
NEVER_JOINS = frozenset("ء،؛؟")
JOINER = "\u200d"

needs_fribidi = pytest.mark.skipif(
    not shaping_available(), reason="Arabic needs libfribidi0: apt install libfribidi0"
)
every_language = pytest.mark.parametrize(
    "lang", [pytest.param("ar", marks=needs_fribidi), *LANGUAGES[1:]]
)
every_arabic_note = pytest.mark.parametrize(
    "note", catalogue.load("ar").notes, ids=lambda note: note.code
)
SIZES = {geometry(panel.info): name for name, panel in PANELS.items()}
"""One panel of each geometry: two of the same measures get the same lines."""
every_panel = pytest.mark.parametrize("panel", SIZES.values())


@cache
def tables(face: Face) -> TTFont:
    return TTFont(FILES[face, True], lazy=True)


@every_panel
@every_language
def test_every_note_fits_every_panel(
    lang: str, panel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = PANELS[panel].info
    floor = em_for(info, FLOOR_ARC_MIN)
    drawn: list[Line] = []

    def take(_canvas: Canvas, lines: tuple[Line, ...], _colour: object) -> tuple[str, ...]:
        drawn.extend(lines)
        return tuple(line.text for line in lines)

    monkeypatch.setattr(Canvas, "text", take)
    for ornament in ("glow", "icon", "dots"):
        monkeypatch.setattr(Canvas, ornament, lambda *_: None)
    for note in catalogue.load(lang).notes:
        drawn.clear()
        shown = pages(NoteScreen(note.text, note.icon), info)
        lines = [line for page in shown for line in page.text]

        assert 1 <= len(shown) <= MOST_PAGES, note
        assert cut_word(note.text, lines) is None, note
        assert bare("".join(lines)) == bare(note.text)
        for line in drawn:
            left, top, right, bottom = ink_of(line.text, line.em, line.bold, line.face)
            start = round(line.x - (left + right) / 2) + left
            assert line.face is face_of(note.text)
            assert line.em >= floor
            assert start >= 0, line
            assert start + right - left <= info.width, line
            assert line.baseline + top >= 0, line
            assert line.baseline + bottom <= info.height, line


@pytest.mark.parametrize("face", Face)
def test_no_face_is_smaller_than_the_one_that_the_floor_is_measured_by(face: Face) -> None:
    for panel in PANELS.values():
        em = em_for(panel.info, FLOOR_ARC_MIN)
        assert -ink_of(SAMPLE[face], em, True, face)[1] >= cap_height(em)


def test_every_letter_has_a_glyph_of_its_own() -> None:
    for lang, note in NOTES:
        face = face_of(note.text)
        known = tables(face).getBestCmap()
        lacking = [letter for letter in bare(note.text) if ord(letter) not in known]
        assert not lacking, (lang, note)


def test_no_letter_is_drawn_as_the_box_for_what_is_missing() -> None:
    for face in Face:
        letters = {
            letter for _, note in NOTES if face_of(note.text) is face for letter in note.text
        }
        drawer = ImageFont.truetype(FILES[face, True], 24, layout_engine=0)
        box = bytes(drawer.getmask("\U0010ffff"))
        assert [one for one in bare("".join(letters)) if bytes(drawer.getmask(one)) == box] == []


@pytest.mark.parametrize(
    ("lang", "face"), [("vi", Face.WIDE), ("ar", Face.ARABIC), ("ja", Face.JAPANESE)]
)
def test_a_language_is_written_in_one_face(lang: str, face: Face) -> None:
    assert {face_of(note.text) for note in catalogue.load(lang).notes} == {face}


def test_most_of_a_latin_kitchen_reads_atkinson() -> None:
    """Turkish İ is the one letter that it lacks; such a note is in Noto Sans from end to end."""
    other = [
        (lang, note.text)
        for lang, note in NOTES
        if lang not in ("ar", "ja", "vi") and face_of(note.text) is not Face.LATIN
    ]

    assert all(lang == "tr" and "İ" in text for lang, text in other)
    assert len(other) <= 2


@needs_fribidi
@every_arabic_note
def test_arabic_runs_from_right_to_left(note: CatalogueNote) -> None:
    """The left of a line has what is said last: all but the first word."""
    _, rest = note.text.split(" ", 1)
    picture, of_rest = (Image.new("L", (1400, 160)) for _ in range(2))
    for image, text in ((picture, note.text), (of_rest, rest)):
        draw_line(ImageDraw.Draw(image), 20, 90, text, 48, True, 255, Face.ARABIC)
    left, top, right, bottom = of_rest.getbbox() or (0, 0, 0, 0)
    box = (0, 0, right, 160)

    assert right - left > 20
    assert bottom > top
    assert picture.crop(box).tobytes() == of_rest.crop(box).tobytes()


@needs_fribidi
@every_arabic_note
def test_arabic_letters_take_the_form_that_their_place_asks_for(note: CatalogueNote) -> None:
    """A word is as long as its letters, each in its initial, medial, final or isolated form.

    Which form belongs where is worked out here, from Unicode's joining types, and is asked of the
    font one letter at a time, with a joiner at the side where the letter joins.
    """
    face = font(1000, True, Face.ARABIC)

    def length(text: str) -> float:
        return face.getlength(text, direction="rtl", language="ar", features=["-kern"])

    def inside(form: str) -> float:
        """Behind a reh, which never joins what follows: a heh on its own looks different."""
        return length(form) if form[0] == JOINER else length(f"ر{form}") - length("ر")

    for word in note.text.split():
        first, *others = contextual_forms(word)
        joined = [length(first), *(inside(form) for form in others)]
        apart = [length(letter) for letter in clusters(word)]

        assert length(word) == pytest.approx(sum(joined), abs=2), word
        if any(JOINER in form for form in others):
            assert length(word) != sum(apart), f"{word} looks as if nothing joined"


@needs_fribidi
def test_marks_stand_over_their_letters() -> None:
    face = font(100, True, Face.ARABIC)
    with_mark, without = (
        face.getbbox(text, anchor="ls", direction="rtl") for text in ("شكرًا", "شكرا")
    )

    assert with_mark[0] == without[0]
    assert with_mark[2] == without[2]
    assert face.getlength("شكرًا", direction="rtl") == face.getlength("شكرا", direction="rtl")


def test_all_but_arabic_is_laid_out_without_the_system_s_libraries() -> None:
    """So that a picture is the same on every machine."""
    for face in set(Face) - {Face.ARABIC}:
        assert font(24, True, face).layout_engine == ImageFont.Layout.BASIC


def contextual_forms(word: str) -> list[str]:
    """Return the letters of an Arabic word, with a joiner on each side where they join."""
    parts = clusters(word)
    forms = []
    for place, part in enumerate(parts):
        before = parts[place - 1][0] if place else ""
        after = parts[place + 1][0] if place + 1 < len(parts) else ""
        joins_before = before and joins_on(parts[place - 1]) and part[0] not in NEVER_JOINS
        joins_after = after and joins_on(part) and after not in NEVER_JOINS
        forms.append((JOINER if joins_before else "") + part + (JOINER if joins_after else ""))
    return forms


def clusters(word: str) -> list[str]:
    """Return the letters of a word, marks with their letter, lam and alef as the one they are."""
    parts: list[str] = []
    for letter in word:
        mark = unicodedata.combining(letter) > 0
        if parts and (mark or (parts[-1] == "ل" and letter in ALEFS)):
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


def joins_on(part: str) -> bool:
    """Tell whether the letter after this one can join it."""
    last = [letter for letter in part if not unicodedata.combining(letter)][-1]
    return last not in JOINS_BACK_ONLY and last not in NEVER_JOINS


def bare(text: str) -> str:
    """Return the letters of a text, without spaces, hyphens and marks for breaking."""
    return "".join(letter for letter in text if letter not in UNSEEN | {" ", "-"})
