"""The commands of systemd/UPGRADE.md, which tests run as they stand there."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "systemd/UPGRADE.md").read_text(encoding="utf-8")


def commands(part: str) -> list[str]:
    """Return what the part with this heading tells a person to type, line by line."""
    (text,) = re.findall(rf"(?ms)^## {re.escape(part)}$(.*?)(?=^## |\Z)", PAGE)
    blocks = re.findall(r"(?s)```sh\n(.*?)```", text)
    return [line for block in blocks for line in block.splitlines()]
