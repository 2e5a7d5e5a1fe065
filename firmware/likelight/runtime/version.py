"""Which version of the programs runs: its number, and the commit that it was made from."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from likelight import __version__
from likelight.runtime.git_commit import commit_of

COMMIT_FILE: Final = Path(__file__).parents[1] / "commit.txt"
"""`build_hook.py` writes it into wheels and source archives."""

_CHECKOUT: Final = Path(__file__).parents[3]


def commit() -> str | None:
    """Return the commit, with "-dirty" behind it where files differ from it; None where nothing
    tells it, as in an archive that was made without git."""
    try:
        return COMMIT_FILE.read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeError):
        return commit_of(_CHECKOUT)


class ShowVersion(argparse.Action):
    """`--version`: git is asked only when somebody wants to know."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show the version and its commit")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print it and end."""
        made_from = commit()
        told = f" (commit {made_from})" if made_from else ""
        print(f"{parser.prog} {__version__}{told}")  # noqa: T201
        parser.exit()
