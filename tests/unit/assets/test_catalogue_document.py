"""A brand's folder as one document: the same notes, and nothing that came can break its reader."""

import json
from pathlib import Path

import pytest

from likelight.assets import catalogue
from likelight.assets.brand import MAX_TOLD, with_brand
from likelight.assets.catalogue import BUNDLED, CatalogueError
from likelight.assets.catalogue_document import (
    MAX_DOCUMENT_BYTES,
    document_name,
    read_document,
    write_document,
)


def document(**files: object) -> bytes:
    return json.dumps(
        {"files": {f"{name}.json": content for name, content in files.items()}}
    ).encode()


def notes(count: int) -> dict[str, object]:
    many = {f"n{number}": f"Note {number}" for number in range(count)}
    return {"_icons": dict.fromkeys(many, "star"), "en": {"notes": many}}


def refusal(content: bytes) -> str:
    with pytest.raises(CatalogueError) as refused:
        read_document(content)
    return str(refused.value)


def test_a_document_gives_the_notes_of_its_folder_in_the_same_order(tmp_path: Path) -> None:
    files = {
        "_icons": {"zest": "star", "mother": "house"},
        "_groups": {"mother": "food"},
        "en": {"notes": {"zest": "What a zest", "mother": "Like my mother's", "delicious": "Yum"}},
        "ja": {"dir": "ltr", "notes": {"mother": "おいしい"}},
    }
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), "utf-8-sig")
    (tmp_path / "README.txt").write_text("Not a part of the catalogue")

    written = write_document(tmp_path)

    assert read_document(written) == with_brand(tmp_path) != BUNDLED
    assert [note.code for note in read_document(written).load("en").notes[-2:]] == [
        "zest",
        "mother",
    ]
    assert document_name(written) == document_name(write_document(tmp_path))
    assert len(document_name(written)) == 64


def test_all_bundled_notes_fit_one_document_four_times() -> None:
    assert len(write_document(catalogue.FOLDER)) < MAX_DOCUMENT_BYTES / 4


def test_a_folder_with_a_mistake_becomes_no_document(tmp_path: Path) -> None:
    (tmp_path / "en.json").write_text('{"notes": {"hello": "<b>"}}')
    with pytest.raises(CatalogueError, match=r"en\.json: hello: has markup"):
        write_document(tmp_path)
    (tmp_path / "en.json").write_text('{"dir": "\\ud800", "notes": {"hello": "Hi"}}')
    with pytest.raises(CatalogueError, match=r"en\.json: dir: must be ltr"):
        write_document(tmp_path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the catalogue is not valid JSON at line 1"),
        (b"[]", "the catalogue must hold a JSON object"),
        (b"{}", "the catalogue has no files"),
        (b'{"files": []}', "the catalogue has no files"),
        (b'{"files": {}}', "it holds no notes"),
        (b"\xff\xfe", "not saved as UTF-8"),
        (b'{"files":' * 20_000, "too many brackets in brackets"),
        (b" " * (MAX_DOCUMENT_BYTES + 1), "larger than 256 KiB"),
        (b'{"n": ' + b"9" * 5_000 + b', "files": {}}', "a number in it is too long"),
        (b'{"files": {"en.json": {"notes": {"hello": "A", "hello": "B"}}}}', "has hello twice"),
        (document(en=[]), "en.json must hold a JSON object"),
        (document(**{"../en": {"notes": {"hello": "Hi"}}}), "../en.json: no such language"),
        (b'{"files": {"en": {"notes": {"hello": "Hi"}}}}', "en: its name must end with .json"),
        (document(en={"notes": {"hello": 1e999}}), "en.json: hello: must be words"),
        (document(en={"notes": {"hello": "\ud800"}}), "has a control character, U+D800"),
        (document(_icons={"hello": "\ud800"}), "_icons.json: hello: there is no icon \ufffd"),
        (document(en={"notes": {"hello": "Hi" + "\u00ad" * 40_000}}), "hello: has too many marks"),
        (document(_icons={"hello": [{}]}), "_icons.json: hello: there is no icon (not a text)"),
        (document(_groups={"hello": {}}), "_groups.json: hello: there is no group (not a text)"),
        (document(**notes(101)), "notes in all, with those of likelight; at most 100"),
        (document(en={"notes": {f"N{n}": "x" for n in range(8_000)}}), "and 15959 more"),
        (document(en={"notes": {"x" * 9_000 + "\n\x1b[2J": "Hi"}}), "xxx…: is not a code"),
    ],
)  # fmt: skip
def test_what_is_no_catalogue_is_refused_in_few_words_fit_for_a_log(
    content: bytes, told: str
) -> None:
    words = refusal(content)

    assert told in words
    lines = words.splitlines()
    assert len(lines) <= MAX_TOLD + 2
    assert all(line.isprintable() and len(line) < 500 for line in lines)
