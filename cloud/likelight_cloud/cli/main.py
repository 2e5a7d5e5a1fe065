"""`likelight-cloud`: its commands and options."""

import argparse
import asyncio
import io
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

from likelight.runtime.log import JsonFormatter, logging_to_stderr
from likelight.runtime.printed import print_in_any_locale, write_out
from likelight.runtime.store_errors import StoreError
from likelight.runtime.version import ShowVersion
from likelight_cloud.cli.audit import add_audit
from likelight_cloud.cli.catalogue import add_catalogue
from likelight_cloud.cli.database import database_option
from likelight_cloud.cli.desired import add_desired
from likelight_cloud.cli.errors import CommandError, DifferenceError
from likelight_cloud.cli.kitchen import add_kitchen
from likelight_cloud.cli.lifecycle import add_lifecycle
from likelight_cloud.cli.link import add_link
from likelight_cloud.cli.operator import add_operator
from likelight_cloud.cli.pairing import add_pairing
from likelight_cloud.cli.report import add_report
from likelight_cloud.cli.serve import add_serve
from likelight_cloud.cli.signals import add_signals
from likelight_cloud.cli.source import add_source
from likelight_cloud.cli.status import add_status
from likelight_cloud.cli.token import add_token
from likelight_cloud.cli.trust import add_trust
from likelight_cloud.cli.webhook import add_webhook

DIFFERS = 1
"""As diff and grep report it."""
NOT_PRINTED = 1
USAGE_ERROR = 2
INTERRUPTED = 130
"""As shells report Ctrl-C."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Return 0; 2 after one clear line on what is wrong; 1 where what was compared
    differs, or when all is done and could not be printed; or 130 after Ctrl-C, or another
    cancellation."""
    print_in_any_locale()
    parser, words = command_line(), sys.argv[1:] if argv is None else argv
    if not words:
        parser.print_help(sys.stderr)
        return USAGE_ERROR
    options = parser.parse_args(words)
    # Printed at the end: an output that is full or closed must not end the work half way.
    said = io.StringIO()
    with logging_to_stderr(formatter=_formatter(options)), redirect_stdout(said):
        code = _run(options)
    try:
        write_out(said.getvalue(), getattr(options, "encoding", None))
    except BrokenPipeError:
        return code or NOT_PRINTED
    except OSError as error:
        return code or _fail(f"it is done, and can't be printed: {error.strerror}", NOT_PRINTED)
    return code


def _run(options: argparse.Namespace) -> int:
    try:
        asyncio.run(options.run(options))
    except (CommandError, StoreError) as error:
        return _fail(str(error), USAGE_ERROR)
    except DifferenceError as error:
        return _fail(str(error), DIFFERS)
    except (asyncio.CancelledError, KeyboardInterrupt):
        return _fail("interrupted; run it again to be sure that all is done", INTERRUPTED)
    return 0


def _fail(why: str, code: int) -> int:
    print(f"likelight-cloud: {why}", file=sys.stderr)
    return code


def _formatter(options: argparse.Namespace) -> logging.Formatter | None:
    """Return how `serve` writes its log; None for the journal's way, where the journal reads."""
    if getattr(options, "log", "text") == "json":
        return JsonFormatter()
    return None if "JOURNAL_STREAM" in os.environ else logging.Formatter("%(message)s")


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="likelight-cloud",
        description="The reference cloud of likelight: devices poll it, viewers open its page.",
    )
    parser.add_argument("--version", action=ShowVersion)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    database = database_option()
    for add_command in (
        add_lifecycle,
        add_serve,
        add_status,
        add_signals,
        add_report,
        add_kitchen,
        add_operator,
        add_pairing,
        add_token,
        add_desired,
        add_catalogue,
        add_webhook,
        add_audit,
        add_trust,
        add_source,
        add_link,
    ):
        add_command(commands, database)
    return parser
