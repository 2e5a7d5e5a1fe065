"""What a busy day writes to the card of a whole device: daemon, journal, systemd, NetworkManager.

Run as root: `python tests/bench/bench_card.py [--minutes 20]`. In a virtual machine
(`tests/support/virtual_machine.py`) it starts our packages, with the cloud inside. Every write
goes to one ext4, mounted as Raspberry Pi OS mounts its root. It sends what bench_bytes.py sends, a
like a second and 25 notes an hour, and tells the sectors written by the kernel's own count of the
disk (/sys/block/vda/stat), for 20 minutes times 36: a day of 12 hours.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench_bytes import DAY_S, SECTOR

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from support.virtual_machine import VirtualMachine, machine_tree  # noqa: E402

DISK_MB = 2048
INSIDE = """\
install -d /etc/likelight
printf '[kitchen]\\nid = "kitchen"\\n' >/etc/likelight/likelight.toml
systemctl start likelight
sleep 60
stat() { sync; cat /sys/block/vda/stat; }
stat
/usr/lib/likelight/current/bin/python3 - <<'PYTHON'
import asyncio, sys
sys.path.insert(0, "/test")
import bench_bytes
asyncio.run(bench_bytes.busy("http://127.0.0.1:8080", "kitchen", SECONDS))
PYTHON
stat
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    seconds = parser.parse_args().minutes * 60
    with tempfile.TemporaryDirectory(prefix="likelight-card-") as place:
        work = Path(place)
        disk, shared = work / "disk", work / "test"
        with disk.open("wb") as file:
            file.truncate(DISK_MB << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", disk], check=True)
        shared.mkdir()
        shutil.copy(HERE / "bench_bytes.py", shared)
        with machine_tree(work) as tree:
            machine = VirtualMachine(tree, shared, disk)
            inside = INSIDE.replace("SECONDS", str(seconds))
            boot = machine.run(inside, within_s=seconds + 1800)
    stats = [line.split() for line in boot.said.splitlines() if re.fullmatch(r"[ \d]+", line)]
    if boot.status != 0 or len(stats) != 2:
        sys.exit(f"The machine ended with {boot.status}:\n{boot.said}\n{boot.console[-2000:]}")
    writes, sectors = (int(stats[1][field]) - int(stats[0][field]) for field in (4, 6))
    total = sectors * SECTOR
    print(
        f"{total / 1e6:.2f} MB in {writes} writes in {seconds / 60:g} min, "
        f"{total * DAY_S / seconds / 1e6:.0f} MB a busy day"
    )


if __name__ == "__main__":
    main()
