"""The doctor on notes, fonts and the shaping of Arabic."""

from dataclasses import replace
from pathlib import Path

import pytest

from likelight.assets import catalogue, fonts
from likelight.fleet.doctor.checks import languages
from support.doctor import BY_ID, Case, assert_seen, assert_shown, examine

CASES = [
    Case("notes", "ok", "notes in de", {"kitchen": {"language": "de"}}),
    Case("notes", "fail", "no folder /nowhere", {"kitchen": {"catalogue": "/nowhere"}}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_sees_what_is_there(case: Case, tmp_path: Path) -> None:
    assert_seen(case, tmp_path)


def test_each_check_is_shown_well_and_ill() -> None:
    assert_shown(languages.CHECKS, CASES, elsewhere={"shaping", "fonts"})


def test_arabic_needs_shaping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arabic = Case("shaping", "", "", {"kitchen": {"language": "ar"}})
    for there, result in ((True, "ok"), (False, "fail")):
        monkeypatch.setattr(
            "likelight.fleet.doctor.checks.languages.shaping_available", lambda t=there: t
        )
        assert examine(BY_ID["shaping"], arabic, tmp_path).finding.result == result
    english = replace(arabic, config={})
    assert examine(BY_ID["shaping"], english, tmp_path).finding.result == "skip"


def test_damaged_assets_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case("fonts", "", "", {})
    assert examine(BY_ID["fonts"], case, tmp_path).finding.result == "ok"
    monkeypatch.setattr(fonts, "TROUBLE", ("Bold.ttf can't be used",))
    assert examine(BY_ID["fonts"], case, tmp_path).finding.result == "fail"
    monkeypatch.setattr(catalogue, "TROUBLE", ("de.json is not valid JSON",))
    found = examine(BY_ID["notes"], case, tmp_path)
    assert "de.json" in found.finding.words
    assert "again" in (found.fix or "")
