"""How flashing fails."""


class FlashError(Exception):
    """What could not be written, and what to do; it repeats no secret."""
