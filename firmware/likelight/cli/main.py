"""The command `likelight`: its commands and options. Each command imports what it needs itself."""

import argparse
import sys
from collections.abc import Sequence

from likelight.cli.boot_volume import add_boot_volume
from likelight.cli.camera import add_camera
from likelight.cli.config import add_config
from likelight.cli.consent import add_consent
from likelight.cli.doctor import add_doctor
from likelight.cli.exits import Exit, end
from likelight.cli.flash import add_flash
from likelight.cli.fleet import add_fleet
from likelight.cli.imager_manifest import add_imager_manifest
from likelight.cli.lights import add_lights
from likelight.cli.notes import add_notes
from likelight.cli.pair import add_pair
from likelight.cli.qr import add_qr
from likelight.cli.queue import add_queue
from likelight.cli.reset import add_reset
from likelight.cli.selftest import add_selftest
from likelight.cli.serve import add_demo, add_run
from likelight.runtime.printed import print_in_any_locale
from likelight.runtime.version import ShowVersion


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    print_in_any_locale()
    parser, words = command_line(), sys.argv[1:] if argv is None else argv
    if not words:
        parser.print_help(sys.stderr)
        return Exit.USAGE
    arguments = parser.parse_args(words)
    from likelight.config.settings import ConfigError

    try:
        return int(arguments.run(arguments))
    except ConfigError as error:
        return end(error, Exit.USAGE)
    except KeyboardInterrupt:
        return end("interrupted", Exit.INTERRUPTED)


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="likelight",
        description="A lamp in a kitchen lights when somebody watching taps Like.",
        epilog="Start with: `likelight demo`",
    )
    parser.add_argument("--version", action=ShowVersion)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add_command in (
        add_demo,
        add_run,
        add_config,
        add_pair,
        add_camera,
        add_consent,
        add_lights,
        add_queue,
        add_notes,
        add_qr,
        add_selftest,
        add_doctor,
        add_flash,
        add_fleet,
        add_imager_manifest,
        add_boot_volume,
        add_reset,
    ):
        add_command(commands)
    return parser
