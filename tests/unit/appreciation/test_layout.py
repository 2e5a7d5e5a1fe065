"""Setting words: nothing is lost, nothing leaves the panel, nothing falls below the floor."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from likelight.appreciation.screens.geometry import FLOOR_ARC_MIN, WANTED_ARC_MIN, em_for, geometry
from likelight.appreciation.screens.layout import MAX_LINES, Paragraph, fit
from likelight.appreciation.screens.paging import paginate
from likelight.assets.breaking import ink_of, join, length, places, split, wrap
from likelight.assets.fonts import MAY_BREAK, MAY_HYPHENATE
from likelight.assets.typeface import cap_height
from likelight_hw.ports import DisplayInfo
from support.panels import OLED, PANELS, SEVEN_INCH, SQUARE

every_panel = pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS.keys())
words = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=24),
    min_size=1,
    max_size=10,
)


def _letters(text: str) -> str:
    return "".join(text.split())


@given(st.text())
@example("a no-break space beside another\r\u00a0one")
@example("two\u00a0\u00a0of them")
def test_splitting_and_joining_is_the_text_again(text: str) -> None:
    for mark in (MAY_BREAK, MAY_HYPHENATE):
        text = text.replace(mark, "")
    assert join(split(text)) == " ".join(text.split())


def test_a_hyphen_is_seen_only_where_a_word_is_broken() -> None:
    words = split("Küchen\u00adbrigade")

    assert wrap(words, [500], 20, bold=True) == ("Küchenbrigade",)
    assert wrap(words, [120, 120], 20, bold=True) == ("Küchen-", "brigade")


def test_a_word_is_broken_only_where_it_must_be() -> None:
    """In Atkinson's larger type "No con-" and "nection." would fit as well."""
    sizes = geometry(SQUARE)
    words = Paragraph(split("No con\u00adnection."), most=2)
    wide, narrow = (replace(sizes.beside_glyph, width=width) for width in (300, 240))

    assert [line.text for line in fit([words], wide, sizes.ems) or ()] == ["No", "connection."]
    assert [line.text for line in fit([words], narrow, sizes.ems) or ()] == ["No con-", "nection."]


def test_no_page_ends_inside_a_sentence_that_fits_on_one() -> None:
    """Pages of like length would be "On. If it stays" and "on, call IT"."""
    sizes = geometry(OLED)

    def said(text: str, apart: bool = False) -> list[str]:
        pages = paginate(text, sizes.beside_glyph, sizes.ems, bold=False, apart=apart)
        return [" ".join(line.text for line in page) for page in pages]

    assert said("On. If it stays on, call") == ["On.", "If it stays on, call"]
    assert said("On. Off. If it stays on, call") == ["On. Off.", "If it stays on, call"]
    assert said("On. Off.", apart=True) == ["On.", "Off."]


def test_no_line_ends_at_a_space_that_holds_two_words_together() -> None:
    words = split("thứ\u00a0Tư lúc 11:00")

    assert wrap(words, [500], 20, bold=True) == ("thứ Tư lúc 11:00",)
    assert wrap(words, [90, 90], 20, bold=True) == ("thứ Tư", "lúc 11:00")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("最高のピザです", (" 最高の", "ピザです")),
        ("またよろしくお願いします", (" またよろしく", "お願いします")),
        ("厨房の\u200bみなさん、ありがとう", (" 厨房の\u200b", "みなさん、", "ありがとう")),
        ("お仕事ぶり", (" お仕事ぶり",)),
    ],
)
def test_japanese_is_broken_between_phrases(text: str, pieces: tuple[str, ...]) -> None:
    assert split(text) == pieces


@settings(deadline=None)
@given(st.text(st.sampled_from("ありがとうっょー、。」「（カッェ一日"), min_size=1))
def test_no_japanese_line_begins_with_a_stop_or_ends_with_an_opening_bracket(text: str) -> None:
    for end in places(text):
        assert text[end] not in "っょー、。」ッェ"
        assert text[end - 1] not in "「（"


def test_a_line_may_end_after_a_hyphen_inside_a_long_word_only() -> None:
    assert split("pizza-making - Wi-Fi") == (" pizza-", "making", " -", " Wi-Fi")


@every_panel
@settings(deadline=None, max_examples=50)
@given(words=words, bold=st.booleans())
@example(words=["〈〈〈〈〈%"], bold=False)
@example(words=["あ〈〈〈〈〈〈〈〈〈〈〈〈〈%々々々々々々々"], bold=True)
def test_pages_hold_every_letter_in_order_inside_the_panel(
    panel: DisplayInfo, words: list[str], bold: bool
) -> None:
    sizes = geometry(panel)
    area = sizes.beside_glyph

    pages = paginate(" ".join(words), area, sizes.ems, bold)

    assert _letters("".join(line.text for page in pages for line in page)) == "".join(words)
    for page in pages:
        assert 1 <= len(page) <= MAX_LINES
        for line in page:
            left, top, right, bottom = ink_of(line.text, line.em, line.bold, line.face)
            start = line.x - (right - left) / 2
            assert sizes.ems.floor <= line.em <= sizes.ems.ceiling
            assert start >= 0
            assert start + right - left <= panel.width
            assert line.baseline + top >= 0
            assert line.baseline + bottom <= panel.height
            beside = line.top < area.corner
            assert not beside or start >= area.corner


@settings(deadline=None, max_examples=50)
@given(words=words)
def test_a_word_that_fits_on_a_line_is_never_broken(words: list[str]) -> None:
    sizes = geometry(OLED)
    whole = [
        word
        for word in words
        if "-" not in word
        and len(split(word)) == 1
        and length(word, sizes.ems.floor, bold=True) < OLED.width - 30
    ]

    pages = paginate(" ".join(words), sizes.plain, sizes.ems, bold=True)

    drawn = [word for page in pages for line in page for word in line.text.split()]
    assert [word for word in whole if word not in drawn] == []


@every_panel
@pytest.mark.parametrize("arc_minutes", [FLOOR_ARC_MIN, WANTED_ARC_MIN])
def test_type_subtends_the_angle_that_is_asked_for(panel: DisplayInfo, arc_minutes: float) -> None:
    height_mm = cap_height(em_for(panel, arc_minutes)) * panel.mm_per_px
    seen = math.degrees(math.atan(height_mm / (panel.reading_distance_m * 1000))) * 60

    assert arc_minutes <= seen < arc_minutes * 1.12


def test_lines_are_of_like_length() -> None:
    assert wrap(split("one two three four"), [1000, 1000], 20, bold=True) == (
        "one two",
        "three four",
    )


def test_what_does_not_fit_is_refused() -> None:
    assert wrap(split("watermelon"), [20], 20, bold=True) is None
    assert wrap(split("one"), [500, 500], 20, bold=True) is None
    sizes = geometry(OLED)
    assert fit([Paragraph(split("far too many words for a panel"))], sizes.plain, sizes.ems) is None


def test_fewer_words_are_never_set_smaller() -> None:
    sizes = geometry(SEVEN_INCH)
    texts = ["Well", "Well done", "Well done, all of you", "Well done, all of you in the kitchen"]
    settings = [fit([Paragraph(split(text))], sizes.plain, sizes.ems) for text in texts]

    ems = [lines[0].em for lines in settings if lines]
    assert len(ems) == len(texts)
    assert all(before >= after for before, after in pairwise(ems))


def test_a_second_paragraph_is_smaller_and_stands_below() -> None:
    sizes = geometry(SEVEN_INCH)
    lines = fit(
        [Paragraph(split("Hello")), Paragraph(split("again"), bold=False, ratio=0.8)],
        sizes.plain,
        sizes.ems,
    )

    assert lines is not None
    title, detail = lines
    assert title.baseline < detail.baseline
    assert sizes.ems.floor <= detail.em < title.em


def test_a_panel_too_small_for_its_distance_shows_what_it_can() -> None:
    tiny = DisplayInfo(96, 32, "1", mm_per_px=0.1, reading_distance_m=3.0)
    sizes = geometry(tiny)

    pages = paginate("Thank you", sizes.plain, sizes.ems, bold=True)

    assert _letters("".join(line.text for page in pages for line in page)) == "Thankyou"
