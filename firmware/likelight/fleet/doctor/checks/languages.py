"""The words that the crew reads: fonts, notes, and letters that join."""

from likelight.assets import catalogue, crew_words, fonts
from likelight.assets.typeface import shaping_available
from likelight.config.settings import ConfigError
from likelight.daemon.kitchen_notes import read_notes
from likelight.fleet.doctor.check import Check, Finding, check, fail, ok, skip
from likelight.fleet.doctor.system import System

_AGAIN = "Install likelight again; this replaces all of its own files"


@check(
    "shaping",
    what="Arabic letters join",
    why="Without libfribidi they are apart and in the wrong order; the panel speaks English then",
    fix="`sudo apt install libfribidi0`",
)
def shaping(system: System) -> Finding:
    if not system.config.kitchen.language.lower().startswith("ar"):
        return skip("the crew's language does without")
    return ok("they do") if shaping_available() else fail("libfribidi is missing")


@check(
    "fonts",
    what="The fonts are whole",
    why="A damaged font leaves boxes in the place of letters",
    fix=_AGAIN,
)
def whole_fonts(system: System) -> Finding:
    return fail("; ".join(fonts.TROUBLE)) if fonts.TROUBLE else ok("all are whole")


@check(
    "notes",
    what="The notes can be read, and shown on this panel",
    why="With a mistake in the brand's catalogue, its notes are left out",
    fix="`likelight notes check FOLDER` tells every mistake",
)
def notes(system: System) -> Finding:
    if trouble := (*catalogue.TROUBLE, *crew_words.TROUBLE):
        return fail("; ".join(trouble), _AGAIN)
    try:
        kitchen = system.config.kitchen
        mine = read_notes(kitchen, system.config.wiring.display).load(kitchen.language)
    except ConfigError as error:
        return fail(str(error))
    return ok(f"{len(mine.notes)} notes in {mine.lang}")


CHECKS: tuple[Check, ...] = (shaping, whole_fonts, notes)
