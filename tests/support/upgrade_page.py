"""The commands of systemd/UPGRADE.md, which tests run as they stand there."""

from pathlib import Path

from support.page_commands import page_commands

PAGE = Path(__file__).parents[2] / "systemd/UPGRADE.md"


def commands(part: str) -> list[str]:
    """Return what the part with this heading tells a person to type, line by line."""
    return page_commands(PAGE, part)
