"""The kernel's preference for a process, for figures from a busy machine."""

from pathlib import Path


def prefer(pid: int) -> None:
    """Have the kernel prefer a process and its descendants to those of other sessions, sched(7).

    Needs root, and a kernel with groups by session.
    """
    Path(f"/proc/{pid}/autogroup").write_text("-15")
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            prefer(int(child))
