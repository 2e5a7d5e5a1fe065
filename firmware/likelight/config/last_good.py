"""The last good configuration: what the device came up with when its configuration had no mistake.

It is kept in the state directory. A configuration that is broken later does not darken the lamp,
the panel and the buttons: the device runs with this one, its camera shut, since the new file may
hold a mask or shorter hours.
"""

import logging
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from likelight.config.section import full_path
from likelight.config.settings import Config
from likelight.runtime.atomic_file import replace_file

log = logging.getLogger(__name__)

LAST_GOOD_FILE = "last-good-config.json"
MOST_BYTES = 1 << 20
_STATE_DIR = re.compile(r"""^[ \t]*state_dir[ \t]*=[ \t]*(?:"([^"\\\n]+)"|'([^'\n]+)')""", re.M)


class LastGood(BaseModel):
    """A configuration without mistakes, and the file that it was read from.

    No secret stands in a configuration, so none stands here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    file: Path
    config: Config


def write_last_good(directory: Path, good: LastGood) -> None:
    """Keep `good` in `directory`, for this user only. Raises `OSError`.

    What is there already is not written again: a start costs the card nothing.
    """
    if _read(directory / LAST_GOOD_FILE) != good:
        replace_file(directory / LAST_GOOD_FILE, good.model_dump_json(exclude_unset=True))


def read_last_good(directories: Iterable[Path], file: Path) -> LastGood | None:
    """Return the last good configuration of `file`, from the first of `directories` that has it.

    Never raises: what can't be read, or belongs to another configuration file, is passed over.
    """
    for directory in directories:
        good = _read(directory / LAST_GOOD_FILE)
        if good is not None and good.file == file:
            return good
    return None


def state_dir_in(text: str) -> Path | None:
    """Return the `state_dir` that the text of a broken configuration names, None without one."""
    found = _STATE_DIR.search(text)
    if found is None:
        return None
    try:
        return full_path(Path(found[1] or found[2]))
    except ValueError:
        return None


def _read(file: Path) -> LastGood | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as opened:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode) or about.st_uid not in (0, os.geteuid()):
                log.warning("%s is not a file of this user's; it is not used", file)
                return None
            return LastGood.model_validate_json(opened.read(MOST_BYTES))
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("Can't read %s: %s", file, error.strerror)
    except ValidationError:
        log.warning("%s is damaged, or of another version of likelight; it is not used", file)
    return None
