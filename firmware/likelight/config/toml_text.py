"""Texts as TOML has them."""

import json


def quoted(text: str) -> str:
    """Return `text` as a TOML string. It holds no DEL, which TOML refuses."""
    # JSON escapes as TOML does, but for letters beyond the basic plane: those stay as they are.
    return json.dumps(text, ensure_ascii=False)
