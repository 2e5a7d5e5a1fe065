"""`lights.json`: which lamp and on-air light a daemon opened.

The daemon writes it when it starts. When it was killed, and its configuration can't be read any
more, `likelight lights off --hardware` reads here what to switch off.
"""

import os
import stat
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from likelight.runtime.atomic_file import replace_file
from likelight_hw.wiring import IndicatorWiring, LampWiring

LIGHTS_FILE = "lights.json"
MOST_BYTES = 1 << 20


class OpenedLights(BaseModel):
    """The lamps and the on-air light, as their drivers were opened."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lamps: tuple[LampWiring, ...]
    indicator: IndicatorWiring


class LightsFileError(Exception):
    """The file can't be used; the message says why."""


def write_opened_lights(directory: Path, lights: OpenedLights) -> None:
    """Write `lights` to the file in `directory`, readable by this user only. Raises `OSError`."""
    replace_file(directory / LIGHTS_FILE, lights.model_dump_json())


def read_opened_lights(directory: Path) -> OpenedLights | None:
    """Return what the file in `directory` says, None when it is absent. Raises `LightsFileError`.

    A file of another user is refused: it names files that are then written to, with our rights.
    """
    file = directory / LIGHTS_FILE
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as opened:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise LightsFileError(f"{file} is not an ordinary file")
            if about.st_uid not in (0, os.geteuid()):
                raise LightsFileError(f"{file} belongs to another user; run this as that user")
            return OpenedLights.model_validate_json(opened.read(MOST_BYTES))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LightsFileError(f"can't read {file}: {error.strerror}") from error
    except ValidationError as error:
        raise LightsFileError(f"{file} is damaged") from error
