"""The prepared notes: the same in every language, short, and drawable."""

import pytest
from PIL import ImageFont

from likelight.assets import catalogue, fonts, icons
from likelight.contract import Catalogue, NoteRequest

LONGEST_NOTE = 40
ABSENT = "\U0010ffff"

every_language = pytest.mark.parametrize("lang", catalogue.languages())


@every_language
def test_every_language_has_the_same_notes_in_the_same_order(lang: str) -> None:
    notes = catalogue.load(lang).notes

    assert [(note.code, note.icon) for note in notes] == [
        (note.code, note.icon) for note in catalogue.load("en").notes
    ]
    assert {note.code for note in notes} == catalogue.codes()


@every_language
def test_every_note_is_short_tidy_and_has_a_known_icon(lang: str) -> None:
    notes = catalogue.load(lang).notes
    texts = [note.text for note in notes]

    for note in notes:
        assert 0 < len(note.text) <= LONGEST_NOTE
        assert note.text == " ".join(note.text.split())
        assert note.icon in icons.NAMES
        assert NoteRequest(code=note.code).code == note.code
    assert len(set(texts)) == len(texts)


@every_language
@pytest.mark.parametrize("file", [fonts.REGULAR, fonts.BOLD], ids=lambda file: file.stem)
def test_every_glyph_of_every_note_is_in_the_bundled_fonts(lang: str, file: str) -> None:
    face = ImageFont.truetype(file, 40, layout_engine=ImageFont.Layout.BASIC)
    letters = {letter for note in catalogue.load(lang).notes for letter in note.text} - {" "}

    missing = bytes(face.getmask(ABSENT))
    assert [letter for letter in letters if bytes(face.getmask(letter)) == missing] == []


def test_there_are_notes_to_choose_from_in_three_languages() -> None:
    assert {"de", "en", "es"} <= set(catalogue.languages())
    assert len(catalogue.codes()) >= 12
    assert {note.code: note.text for note in catalogue.load("en").notes}["heroes"] == (
        "You are my pizza-making heroes"
    )


@pytest.mark.parametrize(
    ("asked", "given"),
    [("de", "de"), ("de-AT", "de"), ("DE_ch", "de"), ("es-419", "es"), ("tlh", "en"), ("", "en")],
)
def test_a_language_tag_finds_its_language_or_english(asked: str, given: str) -> None:
    assert catalogue.load(asked).lang == given


def test_the_version_tells_languages_apart_and_survives_the_wire() -> None:
    german = catalogue.load("de")

    assert german.version == catalogue.load("de-DE").version
    assert len({catalogue.load(lang).version for lang in catalogue.languages()}) == len(
        catalogue.languages()
    )
    assert Catalogue.model_validate_json(german.model_dump_json()) == german


async def test_loading_touches_no_file_on_the_event_loop() -> None:
    assert catalogue.load("es").dir == "ltr"
