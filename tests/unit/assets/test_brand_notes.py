"""A brand's own notes: added, replaced, or refused in words that name the file and the note."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from likelight.assets import catalogue, fonts
from likelight.assets.brand import MAX_FILE_BYTES, MAX_LETTERS, MAX_NOTES, with_brand
from likelight.assets.catalogue import BUNDLED, CatalogueError, Notes, read_folder
from likelight.cli.main import main
from likelight.config.settings import ConfigError, KitchenSettings
from likelight.daemon import kitchen_notes as kitchen
from likelight.daemon.kitchen_notes import check_language, read_notes
from likelight_hw.panels import PANELS
from likelight_hw.wiring import DisplayWiring

Write = Callable[..., Path]


@pytest.fixture
def brand(tmp_path: Path) -> Write:
    """Write a brand's folder: `brand(_icons={...}, en={...})`; other than a dict is written raw."""

    def write(**files: object) -> Path:
        for name, content in files.items():
            if isinstance(content, dict):
                content = json.dumps(content if name[0] == "_" else {"notes": content})
            (tmp_path / f"{name}.json").write_text(str(content), "utf-8")
        return tmp_path

    return write


def refusal(folder: Path) -> str:
    with pytest.raises(CatalogueError) as refused:
        with_brand(folder)
    return str(refused.value)


def test_no_folder_is_the_bundled_notes() -> None:
    assert with_brand(None) is BUNDLED


def test_a_brand_adds_and_replaces(brand: Write) -> None:
    notes = with_brand(
        brand(
            _icons={"mother": "house"},
            _groups={"mother": "food"},
            en={"mother": "Like my mother's", "delicious": "Yum"},
            de={"mother": "Wie bei meiner Mutter"},
        )
    )

    english, german, arabic = (
        {note.code: note for note in notes.load(lang).notes} for lang in ("en", "de", "ar")
    )
    assert notes.codes() == BUNDLED.codes() | {"mother"}
    assert (english["mother"].text, english["mother"].icon) == ("Like my mother's", "house")
    assert (english["mother"].group, english["hello"].group) == ("food", "greetings")
    assert german["mother"].text == "Wie bei meiner Mutter"
    assert english["delicious"].icon == "star"
    # What a viewer sends must be what the crew reads: no old translation remains beside new words.
    assert german["delicious"].text == "Yum"
    assert arabic["mother"].text == "Like my mother's"
    assert notes.load("ar").dir == "rtl"


def test_a_brand_s_catalogue_has_its_own_version(brand: Write) -> None:
    notes = with_brand(brand(de={"hello": "Moin"}))

    for lang in notes.languages():
        assert notes.load(lang).version != BUNDLED.load(lang).version


def test_the_only_language_of_a_brand_is_its_default(brand: Write) -> None:
    notes = with_brand(brand(pl={"hello": "Hej z daleka"}))

    assert {n.text for n in notes.load("en").notes if n.code == "hello"} == {"Hej z daleka"}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"en": {"hello": "x" * (MAX_LETTERS + 1)}}, "en.json: hello: has 41 letters"),
        ({"en": {"hello": "Hej 汉"}}, "hello: has letters that no font here can write: 汉"),
        ({"en": {"hello": "Go\nnow"}}, "en.json: hello: has a control character, U+000A"),
        ({"en": {"hello": "Go\u202enow"}}, "en.json: hello: has a control character, U+202E"),
        ({"en": {"hello": "<b>Hi</b>"}}, "en.json: hello: has markup"),
        ({"en": {"hello": "Hi &amp; bye"}}, "en.json: hello: has markup"),
        ({"en": {"hello": " Hi  you"}}, "en.json: hello: has spaces too many"),
        ({"en": {"hello": "Hi\u00a0you"}}, "en.json: hello: has another space"),
        ({"en": {"hello": "Cafe\u0301"}}, "en.json: hello: has accents apart"),
        ({"en": {"hello": ""}}, "en.json: hello: has no words"),
        ({"en": {"hello": 7}}, "en.json: hello: must be words"),
        ({"en": {"hello": "Hi", "see_you": "Hi"}}, "en.json: see_you: says the same as hello"),
        ({"en": {"Hello!": "Hi"}}, "en.json: Hello!: is not a code: 1 to 32 of a-z, 0-9"),
        ({"en": {"mother": "Hi"}}, "_icons.json: mother: is a new note; give it an icon"),
        ({"en": {"hello": "Hi"}, "_icons": {"hello": "x"}}, "hello: there is no icon"),
        ({"en": {"hello": "Hi"}, "_icons": {"more": "star"}}, "more: no file has words for it"),
        ({"en": {"hello": "Hi"}, "_groups": {"hello": "x"}}, "hello: there is no group x; the gr"),
        ({"en": {"hello": "Hi"}, "_groups": {"more": "you"}}, "_groups.json: more: no file has"),
        ({"xx": {"hello": "Hi"}}, "xx.json: no such language"),
        ({"de": {"hello": "Moin"}, "fr": {"hello": "Salut"}}, "en.json: hello: is missing"),
        ({"en": {}}, "en.json: notes: must hold words by code"),
        ({"en": '{"notes": {"hello": "Hi"\n "a": "b"}}'}, "en.json is not valid JSON at line 2, "),
        ({"en": "{"}, "a comma, a quote or a bracket is missing there, or one too many"),
        ({"en": "[" * 20_000}, "too many brackets in brackets"),
        ({"en": "[]"}, "en.json must hold a JSON object"),
        ({"en": " " * (MAX_FILE_BYTES + 1)}, "en.json is larger than 64 KiB"),
        ({"en": '{"nots": {}}'}, "en.json: nots: no such key"),
        ({}, "it holds no notes"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_its_file_and_note(
    brand: Write, files: dict[str, object], told: str
) -> None:
    assert told in refusal(brand(**files))


def test_all_mistakes_are_told_at_once(brand: Write) -> None:
    told = refusal(brand(en={"hello": "<b>", "see_you": ""}, de="nothing"))

    assert len(told.splitlines()) == 4


def test_too_many_notes_are_refused(brand: Write) -> None:
    many = {f"n{number}": f"Note {number}" for number in range(MAX_NOTES)}

    assert f"at most {MAX_NOTES}" in refusal(brand(_icons=dict.fromkeys(many, "star"), en=many))


def test_a_folder_that_is_not_there_is_reported(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == f"there is no folder {tmp_path / 'none'}"


def kitchen_notes(**settings: object) -> Notes:
    return read_notes(KitchenSettings.model_validate(settings), DisplayWiring())


def test_the_kitchen_reads_its_brand_s_notes(brand: Write) -> None:
    notes = kitchen_notes(language="de", catalogue=brand(en={"hello": "Howdy"}))

    assert "Howdy" in {note.text for note in notes.load("de").notes}


def test_a_mistake_in_the_configuration_names_its_key() -> None:
    with pytest.raises(ConfigError, match=r"kitchen\.catalogue: there is no folder /nowhere"):
        kitchen_notes(catalogue="/nowhere")


def test_a_note_that_the_panel_cannot_show_is_refused(brand: Write) -> None:
    folder = brand(en={"hello": "Donaudampfschifffahrtsgesellschaftspizza"})

    with pytest.raises(ConfigError, match=r"en\.json: hello: on lcd-7: .* wider than the panel"):
        kitchen_notes(catalogue=folder)


def test_a_long_word_may_say_where_it_can_be_broken(brand: Write) -> None:
    kitchen_notes(catalogue=brand(en={"hello": "Donau\u00addampf\u00adschiff\u00adpizza"}))


def test_arabic_is_refused_where_its_letters_would_not_join(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kitchen, "shaping_available", lambda: False)

    with pytest.raises(ConfigError, match="sudo apt install libfribidi0"):
        check_language("ar")
    check_language("ja")


def test_a_damaged_language_is_left_out_and_told(tmp_path: Path) -> None:
    for file in catalogue.FOLDER.glob("*.json"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "de.json").write_text("{oops")

    notes, trouble = read_folder(tmp_path)

    assert notes.load("de").lang == "en"
    assert len(notes.languages()) == 11
    assert [text.split(" is")[0] for text in trouble] == [str(tmp_path / "de.json")]


def test_without_any_catalogue_there_is_nothing_to_send_and_nothing_breaks(tmp_path: Path) -> None:
    notes, trouble = read_folder(tmp_path)

    assert notes.codes() == frozenset()
    assert notes.load("en").notes == ()
    assert "_icons.json can't be read" in trouble[0]


def test_the_daemon_goes_on_with_what_is_left_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(catalogue, "TROUBLE", ("de.json is not valid JSON",))
    monkeypatch.setattr(fonts, "TROUBLE", ("NotoSans-Bold.ttf can't be used",))

    with caplog.at_level(logging.WARNING):
        assert kitchen_notes() is BUNDLED
    assert "de.json is not valid JSON. Install likelight again" in caplog.text
    assert "NotoSans-Bold.ttf can't be used" in caplog.text


def test_the_command_does_not_call_a_folder_fine_that_changes_nothing(
    brand: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    hello = {
        lang: {note.code: note.text for note in BUNDLED.load(lang).notes if note.code == "hello"}
        for lang in BUNDLED.languages()
    }
    folder = brand(**hello)

    assert main(["notes", "check", str(folder)]) == 0
    told = capsys.readouterr().out
    assert told == f"{folder}: no note of its own; all are the same as likelight's\n"


def test_the_command_checks_every_panel(brand: Write, capsys: pytest.CaptureFixture[str]) -> None:
    folder = brand(en={"hello": "Howdy"})

    assert main(["notes", "check", str(folder)]) == 0
    assert "1 note, fine in" in capsys.readouterr().out

    brand(en={"hello": "Wholeheartedly appreciated"})
    assert main(["notes", "check", str(folder)]) == 2
    told = capsys.readouterr().err
    assert "en.json: hello: on lcd-1.3: Wholeheartedly is wider" in told
    assert told.count("Wholeheartedly") == told.count("en.json") < len(PANELS)
