"""The configuration itself, which most other checks ask."""

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


CHECKS: tuple[Check, ...] = (configuration,)
