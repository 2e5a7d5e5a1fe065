"""How a command fails."""


class CommandError(Exception):
    """What went wrong and what to do, in one line."""


class DifferenceError(Exception):
    """What the command has compared, and told of, is not the same; in one line."""
