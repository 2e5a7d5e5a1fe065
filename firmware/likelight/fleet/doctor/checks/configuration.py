"""The configuration itself, which most other checks ask, and what the boot volume says for it."""

from likelight.config.boot_report import read_report
from likelight.config.places import BOOT_REPORT
from likelight.fleet.doctor.check import Check, Finding, check, fail, ok, skip
from likelight.fleet.doctor.system import System


@check(
    "configuration",
    what="The configuration has no mistake",
    why="With a mistake the last good one runs, with the camera off; without a good one, nothing",
    fix="Mend each line that is named here, then: `sudo systemctl restart likelight`",
)
def configuration(system: System) -> Finding:
    if system.demo:
        return skip("the demo has none")
    return fail(system.mistakes) if system.mistakes else ok("none")


@check(
    "boot-volume",
    what="likelight.txt on the boot volume has no mistake",
    why="With a mistake in any line nothing of it counts: no network, no name, no code",
    fix="Mend each line that is named here, then: `sudo likelight boot-volume`",
)
def boot_volume(system: System) -> Finding:
    if system.demo:
        return skip("the demo has none")
    mistakes = read_report(system.at(BOOT_REPORT)).mistakes
    if not mistakes:
        return ok("none that was told")
    return fail("; ".join(f"line {wrong.line}: {wrong.words}" for wrong in mistakes))


CHECKS: tuple[Check, ...] = (configuration, boot_volume)
