"""The forms of counted words: CLDR's, in every language that we speak."""

import pytest

from likelight.assets import catalogue, crew_words
from likelight.assets.plurals import Counted, categories, category, category_of_band


@pytest.mark.parametrize("lang", catalogue.languages())
def test_the_crew_s_counted_words_have_exactly_the_forms_of_their_language(lang: str) -> None:
    words = crew_words.load(lang)
    for word in (words.watching, words.so_many_watching):
        assert set(word.forms) == set(categories(lang))


@pytest.mark.parametrize(
    ("lang", "forms"),
    [
        ("en", {0: "other", 1: "one", 2: "other", 10**6: "other"}),
        ("fr", {0: "one", 1: "one", 2: "other", 10**6: "many", 10**6 + 1: "other"}),
        ("es", {0: "other", 1: "one", 2: "other", 10**6: "many"}),
        ("pl", {0: "many", 1: "one", 2: "few", 5: "many", 12: "many", 21: "many", 22: "few"}),
        ("ar", {0: "zero", 1: "one", 2: "two", 3: "few", 11: "many", 100: "other", 103: "few"}),
        ("ja", {0: "other", 1: "other", 10**6: "other"}),
    ],
)
def test_a_number_takes_the_form_of_its_language(lang: str, forms: dict[int, str]) -> None:
    assert {n: category(lang, n) for n in forms} == forms


def test_a_band_of_viewers_takes_the_form_of_its_end() -> None:
    assert category_of_band("ar", "3-9") == "few"
    assert category_of_band("ar", "100-299") == "many"
    assert category_of_band("pl", "30-49") == "many"
    assert category_of_band("en", "1000+") == "other"


def test_a_form_that_a_language_lacks_or_does_not_have_is_no_counted_word() -> None:
    for forms in ({"other": "likes"}, {"one": "like", "two": "likes", "other": "likes"}, "likes"):
        with pytest.raises(ValueError, match="a counted word of en has the forms one, other"):
            Counted.of(forms, "en")
