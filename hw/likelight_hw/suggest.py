"""The known name that is nearest to a misspelt one."""

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean X?" for a near miss, else the names that there are."""
    import difflib  # noqa: PLC0415  0.1 MB that a daemon without mistakes never needs

    names = sorted(known)
    if close := difflib.get_close_matches(name, names, n=1):
        return f"; did you mean {close[0]}?"
    return f"; there is: {', '.join(names)}"
