"""`likelight selftest`: the self-test of the hardware, on the command line."""

import argparse
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit, end
from likelight.cli.target import add_device_options, target_of

if TYPE_CHECKING:
    from likelight.cli.target import Commands, Target


def add_selftest(commands: "Commands") -> None:
    """Add `likelight selftest`."""
    selftest = commands.add_parser(
        "selftest",
        help="test the hardware in five minutes, and write a report",
        description="Test panel, buttons, lamp, on-air light, consent, camera, network and cloud, "
        "on the panel and here, and write what was seen. Answer with y, n or s (skip) and Enter, "
        "or once the buttons have been found to work, with THANKS for yes and PRIVACY for no. Stop "
        "the daemon before: `sudo systemctl stop likelight`. Exit code 0 when all passed, 1 when "
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
    add_device_options(selftest)
    selftest.set_defaults(run=_selftest)


def _selftest(arguments: argparse.Namespace) -> Exit:
    from asyncio import CancelledError

    from likelight.fleet.selftest.report import StepVerdict
    from likelight.fleet.selftest.selftest import selftest
    from likelight_hw.ports import HardwareError

    target = target_of(arguments)
    config = target.config
    file = (arguments.report or config.state_dir / "selftest.json").absolute()
    _refuse_unless_possible(target, arguments, file)
    try:
        seen = selftest(config, file, unattended=arguments.unattended, say=_say)
    except HardwareError as error:
        return end(error, Exit.USAGE)
    except OSError as error:
        return end(f"the report can't be written: {error}", Exit.FAILED)
    except (CancelledError, KeyboardInterrupt):
        _say("Ended; everything is switched off, and no report was written.")
        return Exit.INTERRUPTED
    _say(f"\nIn all: {seen.verdict}. The report: {file.with_suffix('.txt')}")
    return {
        StepVerdict.PASSED: Exit.DONE,
        StepVerdict.FAILED: Exit.FAILED,
        StepVerdict.UNSEEN: Exit.NOT_SEEN,
    }[seen.verdict]


def _refuse_unless_possible(target: "Target", arguments: argparse.Namespace, file: Path) -> None:
    """Find out now what would fail after five minutes of work. Raises `ConfigError`."""
    from likelight.config.settings import ConfigError
    from likelight.web.control.client import CommandRefused, NotRunning, call
    from likelight.web.control.messages import CommandAnswer

    try:
        call(target.socket, "GET", "/status", CommandAnswer)
    except NotRunning:
        pass
    except CommandRefused as refused:
        raise ConfigError(f"likelight runs here: {refused}") from refused
    else:
        raise ConfigError(
            "likelight runs here, and has the lamp, the panel and the buttons. Stop it for these "
            "five minutes: `sudo systemctl stop likelight`"
        )
    if file.suffix == ".txt":
        raise ConfigError(f"--report {file} is the JSON; the text beside it ends with .txt")
    if arguments.report and not os.access(file.parent, os.W_OK | os.X_OK):
        raise ConfigError(f"--report {file}: {file.parent} is not a directory to write to")
    if not arguments.unattended and (sys.stdin is None or not _can_answer()):
        raise ConfigError("nobody can answer here; use a terminal, or --unattended")


def _can_answer() -> bool:
    """Return whether keys could come: from a terminal, or from a program behind a pipe."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return sys.stdin.isatty() or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _say(line: str) -> None:
    print(line, flush=True)
