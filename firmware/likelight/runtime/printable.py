"""Words that came from outside, made harmless for a log, a terminal and a screen."""

LONGEST = 200


def printable(text: str) -> str:
    """Return `text` on one line, without control characters, and cut at 200 characters."""
    cut = text if len(text) <= LONGEST else text[: LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cut)
