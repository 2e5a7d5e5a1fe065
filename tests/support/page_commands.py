"""What a page tells people to type, for tests that run it as it stands there."""

import re
from pathlib import Path


def page_commands(page: Path, part: str) -> list[str]:
    """Return what the part of `page` with this heading tells a person to type, line by line."""
    text = page.read_text(encoding="utf-8")
    (found,) = re.findall(rf"(?ms)^## {re.escape(part)}$(.*?)(?=^## |\Z)", text)
    blocks = re.findall(r"(?s)```sh\n(.*?)```", found)
    return [line for block in blocks for line in block.splitlines()]
