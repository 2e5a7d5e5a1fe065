"""The store's page says of each screen and light what the code shows.

`LIKELIGHT_UPDATE_GOLDEN=1 pytest -p no:randomly tests/unit/project/test_store_page.py` writes its
table and its sheet to print again.
"""

import os
import re
from dataclasses import replace

from likelight.appreciation.lamp.patterns import PATTERNS
from likelight.appreciation.obstacle import Obstacle
from likelight.appreciation.panel.headline import answers, headline
from likelight.appreciation.panel.obstacle_screen import sentence
from likelight.appreciation.panel.situation import Situation
from likelight.appreciation.screens.models import PairingScreen, PrivateScreen, StatusScreen
from likelight.appreciation.sync.client import FailureKind
from likelight.appreciation.sync.connection import CloudConnection
from likelight.assets.crew_words import ENGLISH
from likelight.contract import Cause, State
from likelight.runtime.troubles import Trouble
from support.papers import STORE as PAGE
from support.papers import check_sheet

CALM = Situation(CloudConnection.CONNECTED, State.IDLE, likes_today=128)
OFFLINE = replace(CALM, connection=CloudConnection.OFFLINE)
SITUATIONS = (
    *(replace(CALM, connection=connection) for connection in CloudConnection),
    *(replace(OFFLINE, failure=failure) for failure in FailureKind),
    *(replace(OFFLINE, obstacle=obstacle) for obstacle in Obstacle),
    *(replace(CALM, troubles=(trouble,)) for trouble in Trouble),
    *(replace(CALM, stuck=stuck) for stuck in (("THANKS",),)),
    *(replace(CALM, camera=State.OFF, cause=cause) for cause in (Cause.CONSENT, Cause.DESIRED)),
    replace(CALM, camera=State.FAULT, trouble="K1"),
)


def table() -> str:
    """Return the table of what may be in the way of a new device."""
    rows = [
        f"| ![](store/{one.code}.webp) | {plain(sentence(one, ENGLISH))} | {one.code} "
        f"| ![](store/lamp-{one.code}.svg) {PATTERNS[one]} "
        f"| {one.said[0].upper()}{one.said[1:]}. {one.fix} |"
        for one in Obstacle
    ]
    head = "| | the panel says | code | the lamp | what it means, and what to do |"
    line = "|---|---|---|---|---|"
    return "\n".join((head, line, *rows))


def plain(text: str) -> str:
    return text.replace("\u00ad", "")


def test_each_obstacle_has_its_sentence_code_and_light_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split("<!-- new -->\n")
    written, after = rest.split("\n<!-- end -->")
    if os.environ.get("LIKELIGHT_UPDATE_GOLDEN") == "1":
        PAGE.write_text(f"{before}<!-- new -->\n{table()}\n<!-- end -->{after}", encoding="utf-8")
    assert written == table()


def test_every_screen_of_an_ordinary_day_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8").split("## Every day, on the panel")[1]
    rows = {line.split(" | ")[1]: line for line in page.splitlines() if line.startswith("| ")}
    for screen in (*answers(), *(headline(situation) for situation in SITUATIONS)):
        match screen:
            case StatusScreen(said, detail, _):
                assert plain(said) in rows, screen
                for letter, digit in re.findall(r"code ([A-Z])(\d)", detail):
                    row = rows[plain(said)]
                    spans = re.findall(rf"{letter}(\d)(?: to {letter}(\d))?", row)
                    assert any(low <= digit <= (high or low) for low, high in spans), screen
            case PrivateScreen():
                assert plain(ENGLISH.camera_off) in rows
            case PairingScreen():
                assert plain(ENGLISH.tell_code) in rows


def test_the_sheet_to_print_is_this_page() -> None:
    check_sheet(PAGE)
