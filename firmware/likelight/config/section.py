"""What every table of the configuration has in common."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Strict

Whole = Annotated[int, Strict()]
"""A whole number; TOML has its types, so that neither "8080" nor true is one."""
Number = Annotated[float, Strict()]
"""A number, whole or not."""
Switch = Annotated[bool, Strict()]
"""True or false; 1 and "yes" are neither."""


def full_path(path: Path) -> Path:
    """Return `path` with `~` expanded. Raises `ValueError`.

    A relative path is refused: it would mean another file in each working directory.
    """
    if re.match(r"[A-Za-z]:|\\\\", str(path)):
        raise ValueError("this is a path of Windows; give one of this device, such as /home/pi/x")
    if not str(path).isprintable():
        raise ValueError("there are characters in this path that can't be seen; type it again")
    if str(path).startswith("~"):
        try:
            path = path.expanduser()
        except RuntimeError:
            raise ValueError("there is no home directory for this ~; write it out") from None
    if not path.is_absolute():
        raise ValueError(f"write the whole path, from / on, such as /var/lib/likelight/{path}")
    return path


FullPath = Annotated[Path, AfterValidator(full_path)]
"""An absolute path; `~` at its beginning is the home of the account that runs likelight."""


class Section(BaseModel):
    """A table of settings: unknown keys are refused, and nothing changes after it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid")
