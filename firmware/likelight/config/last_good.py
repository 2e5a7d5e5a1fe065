"""The last good configuration: what the device came up with when its configuration had no mistake.

It is kept in the state directory. A configuration that is broken later does not darken the lamp,
the panel and the buttons: the device runs with this one, its camera shut, since the new file may
hold a mask or shorter hours.
"""

import logging
import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from likelight.config.layers import layers_over, read_layers
from likelight.config.section import full_path
from likelight.config.settings import Config
from likelight.runtime.atomic_file import replace_file

log = logging.getLogger(__name__)

LAST_GOOD_FILE = "last-good-config.json"
MOST_BYTES = 1 << 20


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


def named_state_dirs(
    file: Path, environ: Mapping[str, str], assignments: Iterable[str]
) -> list[Path]:
    """Return the state directories that the broken configuration `file` and what lies over it name,
    as far as they can be read. That of the highest layer is the first.
    """
    try:
        layers = read_layers(file, environ, assignments)
    except OSError:
        layers = layers_over(file, environ, assignments)
    found = []
    for layer in reversed(layers):
        # A line that slipped below a table may be the very mistake.
        tables = (table for table in layer.settings.values() if isinstance(table, dict))
        for table in (layer.settings, *tables):
            with suppress(KeyError, TypeError, ValueError):
                found.append(full_path(Path(table["state_dir"])))
    return found


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
