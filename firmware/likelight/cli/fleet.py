"""`likelight selftest` and `likelight doctor`, on the command line."""

import argparse
import asyncio
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

from likelight.cli.consent import SERVICE_STATE
from likelight.cli.lights import EXIT_INTERRUPTED, EXIT_USAGE, add_device, device
from likelight.config.settings import Config, ConfigError
from likelight.web.control.client import NotRunning, Refused, call, find
from likelight_hw.ports import HardwareError

EXIT_FAILED = 1
EXIT_UNSEEN = 3
"""Nothing failed, and not everything was seen: nobody answered, or a step was skipped."""


def add_selftest(commands: Any) -> None:
    """Add `likelight selftest`."""
    selftest = commands.add_parser(
        "selftest",
        help="walk through the hardware in five minutes, and write a report",
        description="Walk through panel, buttons, lamp, on-air light, camera, network and cloud, "
        "on the panel and here, and write what was seen. Answer with y, n or s (skip) and Enter, "
        "or once the buttons have been found to work, with THANKS for yes and PRIVACY for no. Stop "
        "the daemon before: sudo systemctl stop likelight. Exit code 0 when all passed, 1 when "
        "something failed, 2 when it can't be started, 3 when something was not seen.",
    )
    selftest.add_argument(
        "--unattended",
        action="store_true",
        help="ask nobody: simulated parts answer for themselves, real ones count as not seen",
    )
    selftest.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="where to write what was seen, as JSON, with the same as text beside it "
        "(default selftest.json in the state directory)",
    )
    add_device(selftest)
    selftest.set_defaults(run=_selftest)


def add_doctor(commands: Any) -> None:
    """Add `likelight doctor`."""
    doctor = commands.add_parser(
        "doctor",
        help="look for every known problem of this device, and tell the fix",
        description="Look for every known problem of this device, and tell what to do about it. "
        "Changes nothing, and may run beside the daemon; with sudo it sees more. Exit code 0 when "
        "nothing failed, 1 when something did, 2 when the configuration can't be read.",
    )
    doctor.add_argument("--json", action="store_true", help="for programs")
    doctor.add_argument("--all", action="store_true", help="tell what was skipped, and why")
    add_device(doctor)
    doctor.set_defaults(run=_doctor)


def _selftest(arguments: argparse.Namespace) -> int:
    from likelight.fleet.selftest.report import StepVerdict
    from likelight.fleet.selftest.selftest import selftest

    config = _device(arguments)
    file = (arguments.report or config.state_dir / "selftest.json").absolute()
    _refuse_unless_possible(config, arguments, file)
    try:
        seen = selftest(config, file, unattended=arguments.unattended, say=_say)
    except HardwareError as error:
        return _end(str(error), EXIT_USAGE)
    except OSError as error:
        return _end(f"the report can't be written: {error}", EXIT_FAILED)
    except (asyncio.CancelledError, KeyboardInterrupt):
        _say("Ended; everything is switched off, and no report was written.")
        return EXIT_INTERRUPTED
    _say(f"\nIn all: {seen.verdict}. The report: {file.with_suffix('.txt')}")
    return {
        StepVerdict.PASSED: 0,
        StepVerdict.FAILED: EXIT_FAILED,
        StepVerdict.UNSEEN: EXIT_UNSEEN,
    }[seen.verdict]


def _refuse_unless_possible(config: Config, arguments: argparse.Namespace, file: Path) -> None:
    """Say now what would be a pity to say in five minutes. Raises `ConfigError`."""
    try:
        call(find(config), "GET", "/status")
    except NotRunning:
        pass
    except Refused as refused:
        raise ConfigError(f"likelight runs here: {refused}") from refused
    else:
        raise ConfigError(
            "likelight runs here, and has the lamp, the panel and the buttons. Stop it for these "
            "five minutes: sudo systemctl stop likelight"
        )
    if file.suffix == ".txt":
        raise ConfigError(f"--report {file} is the JSON; the text beside it ends with .txt")
    if arguments.report and not os.access(file.parent, os.W_OK | os.X_OK):
        raise ConfigError(f"--report {file}: {file.parent} is no directory to write to")
    if not arguments.unattended and (sys.stdin is None or not _can_answer()):
        raise ConfigError("nobody can answer here; use a terminal, or --unattended")


def _can_answer() -> bool:
    """Return whether keys could come: from a terminal, or from a program behind a pipe."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return sys.stdin.isatty() or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _doctor(arguments: argparse.Namespace) -> int:
    from likelight.fleet.doctor import doctor
    from likelight.fleet.doctor.check import Result
    from likelight.fleet.doctor.checks import CHECKS
    from likelight.fleet.doctor.system import System

    system = System(_device(arguments))
    try:
        found = doctor.examine(system, CHECKS)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    if arguments.json:
        print(json.dumps(doctor.to_json(system, found), indent=1))
    else:
        print(doctor.to_text(found, everything=arguments.all))
    return EXIT_FAILED if doctor.worst(found) is Result.FAIL else 0


def _device(arguments: argparse.Namespace) -> Config:
    """Return the configuration that is meant, with the service's own state directory."""
    config = device(arguments)
    if "state_dir" not in config.model_fields_set and SERVICE_STATE.is_dir():
        return config.model_copy(update={"state_dir": SERVICE_STATE})
    return config


def _say(line: str) -> None:
    print(line, flush=True)


def _end(words: str, code: int) -> int:
    print(f"likelight: {words}", file=sys.stderr)
    return code
