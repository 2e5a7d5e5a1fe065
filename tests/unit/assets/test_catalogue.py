"""The prepared notes: the same in every language, short, and drawable."""

from collections import Counter

import pytest

from likelight.assets import catalogue, icons
from likelight.assets.brand import wrong_text
from likelight.contract import Catalogue, NoteRequest

LOOKS_AND_SPEED = [
    "fast", "quick", "speed", "hurry", "handsome", "beautiful", "pretty", "schnell", "hübsch",
    "flink", "rápido", "guapos", "hermosos", "rapide", "vite", "beau", "veloce", "svelti",
    "carini", "snel", "jongens", "szybko", "piękni", "przystojni", "hızlı", "çabuk",
    "yakışıklı", "nhanh", "trai", "xinh", "سريع", "وسيم",
]  # fmt: skip

every_language = pytest.mark.parametrize("lang", catalogue.languages())


@every_language
def test_every_language_has_the_same_notes_in_the_same_order(lang: str) -> None:
    notes = catalogue.load(lang).notes

    assert [(note.code, note.icon) for note in notes] == [
        (note.code, note.icon) for note in catalogue.load("en").notes
    ]
    assert {note.code for note in notes} == catalogue.codes()


def test_six_notes_of_different_kinds_are_first_and_the_rest_fall_into_four_groups() -> None:
    notes = catalogue.load("en").notes

    assert [note.code for note in notes[:6]] == [
        "thank_you", "delicious", "heroes", "made_my_day", "best_team", "keep_it_up",
    ]  # fmt: skip
    rest = Counter(note.group for note in notes[6:])
    assert set(rest) == {"thanks", "food", "you", "greetings"}
    assert min(rest.values()) >= 3


@every_language
def test_every_note_is_short_tidy_and_has_a_known_icon(lang: str) -> None:
    notes = catalogue.load(lang).notes
    texts = [note.text for note in notes]

    for note in notes:
        assert list(wrong_text(note.text)) == []
        assert note.icon in icons.NAMES
        assert NoteRequest(code=note.code).code == note.code
    assert len(set(texts)) == len(texts)


def test_there_are_24_notes_in_12_languages() -> None:
    assert catalogue.languages() == (
        "ar",
        "de",
        "en",
        "es",
        "fr",
        "it",
        "ja",
        "nl",
        "pl",
        "pt",
        "tr",
        "vi",
    )
    assert len(catalogue.codes()) >= 24
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


def test_only_arabic_runs_from_right_to_left() -> None:
    rtl = [lang for lang in catalogue.languages() if catalogue.load(lang).dir == "rtl"]
    assert rtl == ["ar"]


def test_nothing_is_said_of_looks_or_speed() -> None:
    """A floor under the taste of translators: words of haste or beauty."""
    said = {
        (lang, note.code): word
        for lang in catalogue.languages()
        for note in catalogue.load(lang).notes
        for word in LOOKS_AND_SPEED
        if word in note.text.lower().split()
    }
    assert said == {("de", "smells_good"): "fast"}  # German for almost


async def test_loading_touches_no_file_on_the_event_loop() -> None:
    assert catalogue.load("es").dir == "ltr"
