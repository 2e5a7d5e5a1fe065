"""What every table of the configuration has in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Strict

Whole = Annotated[int, Strict()]
"""A whole number; TOML has its types, so that neither "8080" nor true is one."""
Number = Annotated[float, Strict()]
"""A number, whole or not."""
Switch = Annotated[bool, Strict()]
"""True or false; 1 and "yes" are neither."""


class Section(BaseModel):
    """A table of settings: unknown keys are refused, and nothing changes after it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid")
