"""How a command fails."""


class CommandError(Exception):
    """What went wrong and what to do, in one line."""
