"""What a peer may say instead of what the contract has: strange values for each field of a body."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]

STRANGE = (
    None,
    True,
    0,
    -1,
    1.5,
    2**53 - 1,
    2**53,
    2**63,
    10**400,
    float("nan"),
    float("inf"),
    1e999,
    "",
    "\0",
    "a\nb",
    "\x1b[31mred",
    "\u202eright to left",
    "\ud800",
    "x" * 5000,
    "0001-01-01T00:00:00+14:00",
    "1999-12-31T23:59:59Z",
    "2100-01-01T00:00:00.001Z",
    "9999-12-31T23:59:59-14:00",
    "2026-11-21T12:00:00",
    "on",
    [],
    [None],
    [{}] * 101,
    {},
    {"a\nb": 1},
    {"monday": "\0"},
    {"version": -1},
)
"""Values that have ended a program somewhere, and their neighbours on the right side."""

values = st.one_of(
    st.sampled_from(STRANGE),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)


def paths(body: Any, here: Path = ()) -> Iterator[Path]:
    """Yield the way to each value in `body`, to lists and objects too."""
    yield here
    items = body.items() if isinstance(body, dict) else ()
    for key, inner in items if not isinstance(body, list) else enumerate(body):
        yield from paths(inner, (*here, key))


def replaced(body: Any, path: Path, value: Any) -> Any:
    """Return a copy of `body` with `value` at `path`."""
    if not path:
        return value
    whole = copy.deepcopy(body)
    place = whole
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return whole


def changed(body: Any) -> st.SearchStrategy[Any]:
    """Draw `body` with strange values at one to three places."""
    places = st.lists(st.sampled_from(sorted(paths(body), key=str)), min_size=1, max_size=3)

    @st.composite
    def draw_one(draw: st.DrawFn) -> Any:
        whole = body
        for path in draw(places):
            try:
                whole = replaced(whole, path, draw(values))
            except (TypeError, KeyError, IndexError):
                continue  # an earlier change has taken this place away
        return whole

    return draw_one()


def wire(body: Any) -> bytes:
    """Return `body` as a careless peer writes it: lone surrogates, NaN, numbers of 400 digits."""
    return json.dumps(body).encode()
