"""`likelight doctor`: looks for every known problem of a device, on the command line."""

import argparse
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit
from likelight.cli.target import Places, add_device_options, socket_without_config, target_of

if TYPE_CHECKING:
    from likelight.cli.target import Commands


def add_doctor(commands: "Commands") -> None:
    """Add `likelight doctor`."""
    doctor = commands.add_parser(
        "doctor",
        help="look for every known problem of this device, and tell the fix",
        description="Look for every known problem of this device, and tell what to do about it. "
        "Changes nothing, and may run beside the daemon, which tells the cloud what is not well; "
        "with sudo it sees more. Exit code 0 when "
        "nothing failed, 1 when something did. With a mistake in the configuration it looks for "
        "all that it can see without one.",
    )
    doctor.add_argument("--json", action="store_true", help="for programs")
    doctor.add_argument("--all", action="store_true", help="tell what was skipped, and why")
    add_device_options(doctor)
    doctor.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace) -> Exit:
    from likelight.config.settings import ConfigError
    from likelight.fleet.doctor import doctor
    from likelight.fleet.doctor.check import Result
    from likelight.fleet.doctor.checks import CHECKS
    from likelight.fleet.doctor.system import System
    from likelight.web.control.client import CommandRefused, NotRunning, call
    from likelight.web.control.messages import DoneAnswer, FindingsRequest

    try:
        target = target_of(arguments)
        system = System(target.config, socket=target.socket, demo=target.demo)
    except ConfigError as error:
        socket = socket_without_config(arguments.config, Places())
        system = System(None, socket=socket, mistakes=str(error))
    try:
        found = doctor.examine(system, CHECKS)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    if system.socket is not None:
        # A daemon that is older, does not run or may not be asked can't tell the cloud.
        with suppress(NotRunning, CommandRefused):
            told = FindingsRequest(findings=doctor.findings(found))
            call(system.socket, "POST", "/findings", DoneAnswer, told)
    if arguments.json:
        print(json.dumps(doctor.to_json(system, found), indent=1))
    else:
        print(doctor.to_text(found, everything=arguments.all))
    return Exit.FAILED if doctor.worst(found) is Result.FAIL else Exit.DONE
