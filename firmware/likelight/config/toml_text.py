"""How a text is written in TOML."""

import json


def quoted(text: str) -> str:
    """Return `text` as a TOML string. `text` must not have a DEL, which TOML refuses."""
    # JSON escapes as TOML does, but for letters beyond the basic plane: those stay as they are.
    return json.dumps(text, ensure_ascii=False)
