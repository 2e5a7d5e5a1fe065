"""Programs that a test's machinery needs."""

import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def run(*command: Path | str) -> str:
    """Run a command in the project's folder; return what it says. Fails the test with it."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=980,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]} said:\n{done.stdout[-6000:]}"
    return done.stdout
