"""The sheets to print are made of their pages.

`LIKELIGHT_UPDATE_GOLDEN=1 pytest tests/unit/project/test_papers.py` makes them again; print them,
and look.
"""

import os
from pathlib import Path

import pytest

from support.papers import PAPERS, paper


@pytest.mark.parametrize("page", PAPERS, ids=lambda page: page.name)
def test_a_sheet_says_what_its_page_says(page: Path) -> None:
    sheet, made = page.with_suffix(".html"), paper(page)
    if os.environ.get("LIKELIGHT_UPDATE_GOLDEN") == "1":
        sheet.write_text(made, encoding="utf-8")
    assert sheet.read_text(encoding="utf-8") == made, "a line above says how to make it again"
