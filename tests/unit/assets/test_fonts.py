"""The bundled fonts: whole, small, licensed, and enough for every note and every screen."""

import hashlib
import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

from likelight.assets import catalogue, fonts, sfnt, typeface
from likelight.assets.fonts import Face, face_of, missing, path

FOLDER = fonts.BOLD.parent
FILES = sorted({path(face, bold) for face in Face for bold in (False, True)})
every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)

LATIN_LANGUAGES = {
    "de": "ÄÖÜäöüßẞ„“",
    "es": "ÁÉÍÑÓÚÜáéíñóúü¿¡",
    "fr": "ÀÂÆÇÈÉÊËÎÏÔŒÙÛÜŸàâæçèéêëîïôœùûüÿ’«»",
    "pl": "ĄĆĘŁŃÓŚŹŻąćęłńóśźż",
    "tr": "ÇĞİÖŞÜçğıöşü",
    "vi": "ĂÂĐÊÔƠƯăâđêôơưẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸ",
}


def test_they_are_whole() -> None:
    assert fonts.TROUBLE == ()
    assert catalogue.TROUBLE == ()


@every_file
def test_our_reader_finds_the_letters_that_fonttools_finds(file: Path) -> None:
    assert sfnt.letters(file.read_bytes()) == set(TTFont(file).getBestCmap())


def test_they_are_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 420_000


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_a_page_s_font_is_small_and_has_every_letter(weight: str) -> None:
    file = FOLDER / f"AtkinsonHyperlegible-{weight}.woff2"
    assert file.stat().st_size <= 18 * 1024, "two come before the first paint"
    whole, for_pages = TTFont(file.with_suffix(".ttf")), TTFont(file)
    assert for_pages.getBestCmap().keys() == whole.getBestCmap().keys()
    assert for_pages["hmtx"].metrics["A"] == whole["hmtx"].metrics["A"]


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_a_page_s_zero_has_no_slash_and_is_as_wide(weight: str) -> None:
    file = FOLDER / f"AtkinsonHyperlegible-{weight}.woff2"
    whole, for_pages = TTFont(file.with_suffix(".ttf")), TTFont(file)
    contours = [font["glyf"]["zero"].numberOfContours for font in (whole, for_pages)]
    assert contours == [3, 2], "a slash leaves two counters"
    assert for_pages["hmtx"].metrics["zero"] == whole["hmtx"].metrics["zero"]


def test_the_name_of_japanese_is_written_by_a_font_of_its_own() -> None:
    file = FOLDER / "NotoSansJP-Name.woff2"
    assert file.stat().st_size <= 2 * 1024, "for one link"
    assert set(map(chr, TTFont(file).getBestCmap())) == set("日本語")


@every_file
def test_the_readme_tells_what_is_in_the_folder(file: Path) -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")

    assert file.name in readme
    assert hashlib.sha256(file.read_bytes()).hexdigest() in readme


@every_file
def test_every_font_carries_its_licence(file: Path) -> None:
    names = TTFont(file)["name"]

    told = f"{names.getDebugName(13)} {names.getDebugName(14)}"
    assert re.search("Open Font License|OFL", told)
    licences = re.findall(r"OFL[-\w]*\.txt", (FOLDER / "README.md").read_text("utf-8"))
    assert licences
    assert all((FOLDER / licence).is_file() for licence in licences)


@pytest.mark.parametrize("lang", LATIN_LANGUAGES)
def test_a_brand_may_use_the_whole_alphabet_of_a_language(lang: str) -> None:
    assert missing(LATIN_LANGUAGES[lang]) == ""


@pytest.mark.parametrize(
    ("text", "face"),
    [
        ("You made my day", Face.LATIN),
        ("On again at 11:00.", Face.WIDE),
        ("12,480", Face.WIDE),
        ("1k–3k", Face.WIDE),
        ("Call IT, code N10.", Face.LATIN),
        ("K7QF-2MXP", Face.LATIN),
        ("Gözdemiz bu mutfak", Face.LATIN),
        ("İyi ki varsınız", Face.WIDE),
        ("Cảm ơn cả bếp", Face.WIDE),
        ("شكرًا Pizza 24/7", Face.ARABIC),
        ("ピザ、最高！ Pizza 24/7", Face.JAPANESE),
    ],
)
def test_a_text_has_one_face_that_can_write_all_of_it(text: str, face: Face) -> None:
    assert face_of(text) is face
    assert missing(text) == ""


def test_what_no_face_can_write_is_named() -> None:
    assert missing("Thanks 謝謝 한 a") == "한"


def test_every_kana_may_be_used() -> None:
    kana = "".join(map(chr, [*range(0x3041, 0x3097), *range(0x30A1, 0x30FD)]))
    assert missing(kana) == ""


@pytest.mark.parametrize("damage", ["flip", "short", "text", "empty"])
def test_a_damaged_file_is_refused(damage: str) -> None:
    data = bytearray(fonts.BOLD.read_bytes())
    data[len(data) // 2] ^= 0xFF
    broken = {"flip": bytes(data), "short": bytes(data[:9000]), "text": b"<html>", "empty": b""}

    with pytest.raises(ValueError, match=r"damaged|too early|not a whole TrueType font"):
        sfnt.letters(broken[damage])


def test_without_its_files_the_screens_still_say_something(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fonts, "FILES", {})
    spare = typeface._sized(24, True, Face.LATIN)
    image = Image.new("1", (200, 40))
    ImageDraw.Draw(image).text((0, 30), "Camera off", fill=1, font=spare, anchor="ls")

    assert isinstance(spare, ImageFont.FreeTypeFont)
    assert image.getbbox() is not None
