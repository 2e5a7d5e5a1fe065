"""How a command fails."""


class CommandError(Exception):
    """What went wrong and what to do, in one line."""


class DifferenceError(Exception):
    """What a command has compared differs, as it has printed; this is its last line."""
