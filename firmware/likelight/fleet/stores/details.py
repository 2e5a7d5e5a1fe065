"""What the operator's list says of a store."""

from pydantic import BaseModel, ConfigDict


class Details(BaseModel):
    """What it says beyond name and hours; None where it says nothing.

    `timezone` counts until the device has told its own. The others are for lists and sheets.
    """

    model_config = ConfigDict(frozen=True)

    timezone: str | None = None
    """As IANA names it."""
    country: str | None = None
    """Two capital letters, as ISO 3166-1 has them."""
    language: str | None = None
    """The crew's, one of those that sheets are written in."""
    board: str | None = None
    kit: str | None = None


UNLISTED = Details()
