"""What a command prints, to whatever its output leads to."""

import io
import os
import sys


def print_in_any_locale() -> None:
    """Let no letter that the terminal's encoding lacks (EUC-JP has no ü) end a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def write_out(text: str, encoding: str | None = None) -> None:
    """Write all of `text` to stdout, in `encoding`, where it is not for the terminal's own.

    Raises `OSError`; then nothing more can be printed.
    """
    if encoding is not None and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=encoding)
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        # What is still in the buffer would fail once more at the end, in a traceback.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        raise
