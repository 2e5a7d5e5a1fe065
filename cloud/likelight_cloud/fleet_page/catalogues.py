"""Whose notes a kitchen shows, shall show and refuses, in one sentence for its operators."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from likelight.contract import CatalogueName, Wire
from likelight_cloud.store.records import KitchenRecord


class FleetCatalogue(Wire):
    """The catalogue documents of one kitchen by their names; None is the notes of its own."""

    asked: CatalogueName | None
    running: CatalogueName | None
    refused: CatalogueName | None
    words: str
    """One sentence."""

    @property
    def is_refused(self) -> bool:
        """Whether its device refuses what it is asked to show."""
        return self.asked is not None and self.refused == self.asked


def fleet_catalogue(
    record: KitchenRecord, names: Mapping[str, str], *, offline: bool
) -> FleetCatalogue:
    """Return whose notes a kitchen shows. `names` are those that operators gave to documents."""
    report = record.report
    told = None if report is None else report.catalogue
    asked = record.desired.catalogue
    running = None if told is None else told.running
    refused = None if told is None else told.refused
    wanted, shown = called(asked, names), called(running, names)
    if report is None:
        words = f"It will show {wanted}."
    elif told is None and asked is not None:
        words = f"It does not say that it can show {wanted}: ask IT to update the box."
    elif running == asked:
        words = f"It shows {wanted}." if asked is None else f"It shows {wanted}, as asked."
    elif asked is not None and refused == asked:
        words = f"It refuses {wanted} and goes on with {shown}: tell IT, its log says which note."
    elif offline:
        words = f"It takes {wanted} when it is heard again; until then it shows {shown}."
    else:
        words = f"It shows {shown} and takes {wanted} in a moment: tell IT if this stays so."
    return FleetCatalogue(asked=asked, running=running, refused=refused, words=words)


@dataclass
class Numbers:
    """How many kitchens are asked for a document, show it and refuse it."""

    asked: int = 0
    running: int = 0
    refused: int = 0


def numbers(kitchens: Iterable[KitchenRecord]) -> Mapping[str | None, Numbers]:
    """Return the numbers of each document; zero of one that is in no kitchen."""
    found: defaultdict[str | None, Numbers] = defaultdict(Numbers)
    for kitchen in kitchens:
        found[kitchen.desired.catalogue].asked += 1
        told = kitchen.report.catalogue if kitchen.report else None
        if told is not None:
            found[told.running].running += 1
            found[told.refused].refused += 1
    return found


def called(sha256: str | None, names: Mapping[str, str]) -> str:
    """Return what people call a document: the name that an operator gave to it."""
    if sha256 is None:
        return "its own notes"
    return f"“{names[sha256]}”" if sha256 in names else f"unknown notes ({sha256[:12]})"
