"""The kernel of the virtual machines, which has a Pi's pins, and lgpio for them.

Both are kept in the user's cache under a hash of what names them: fetching takes half a minute and
needs a Debian mirror.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from support.programs import PROJECT, run

HERE = PROJECT / "tests/gpiovm"


def kept() -> Path:
    """Return the folder with kernel and lgpio, made now if it never was."""
    named_by = (HERE / "fetch-kernel.sh", HERE / "requirements.lock")
    recipe = hashlib.sha256(b"".join(path.read_bytes() for path in named_by)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "likelight"
    ready = cache / f"gpiovm-{recipe}-py{sys.version_info.major}.{sys.version_info.minor}"
    if not ready.exists():
        unfinished = cache / f"{ready.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        run(HERE / "fetch-kernel.sh", unfinished / "kernel")
        pip = (sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "--no-deps")
        run(*pip, "--target", unfinished / "packages", "-r", HERE / "requirements.lock")
        unfinished.rename(ready)
    return ready
