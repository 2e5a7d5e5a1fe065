"""What a busy day writes to the card of a whole device: daemon, journal, systemd, NetworkManager.

Run as root: `python tests/bench/bench_card.py [--minutes 20]`; it needs what `.ci/run --long`
installs. A store's device of the last commit boots in systemd-nspawn, as in
`tests/packages/real_boots.py`, with a cloud elsewhere. All that it writes is on one ext4, mounted
as Raspberry Pi OS mounts its root. It sends what `bench_bytes.py` sends, a like a second and 25
notes an hour, and tells the sectors written by the kernel's own count of the block device, scaled
to a day of 12 hours. How a card turns sectors into erased blocks is not in it.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench_bytes import DAY_S, SECTOR

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "packages")]

from real_boots import DOCTOR, open_store  # noqa: E402

from support.nspawn import CLOUD, Device  # noqa: E402

DISK_MB = 2048
SETTLED_S, IDLE_S = 60, 300
KID = "harbour"
VIEWERS = """
echo 10.42.0.1 cloud.test >"$1/hosts"
mount --bind "$1/hosts" /etc/hosts
export SSL_CERT_FILE="$1/now/ca.pem" PYTHONPATH="$2"
exec "$3" -c "import asyncio, bench_bytes; asyncio.run(bench_bytes.busy('$4', '$5', $6))"
"""


@contextmanager
def block_device(folder: Path) -> Iterator[str]:
    """Make a card with a fresh ext4."""
    image = folder / "card.img"
    with image.open("wb") as file:
        file.truncate(DISK_MB << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", image], check=True)
    loop = subprocess.check_output(["losetup", "--find", "--show", image], text=True).strip()
    try:
        yield loop
    finally:
        subprocess.run(["losetup", "--detach", loop], check=True)


@contextmanager
def told(what: str, device: Device, loop: str, seconds: float) -> Iterator[None]:
    """Tell what is written meanwhile, which takes so long."""
    writes, size = written(device, loop)
    yield
    more, larger = written(device, loop)
    more, larger = more - writes, larger - size
    print(
        f"{what}: {larger / 1e6:.2f} MB in {more} writes in {seconds / 60:g} min, "
        f"{larger * DAY_S / seconds / 1e6:.0f} MB in 12 hours",
        flush=True,
    )


def written(device: Device, loop: str) -> tuple[int, int]:
    """Return how many writes the card has got, and of how many bytes."""
    device.run("sync")
    fields = Path("/sys/block", Path(loop).name, "stat").read_text().split()
    return int(fields[4]), int(fields[6]) * SECTOR


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    seconds = parser.parse_args().minutes * 60
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm") as image,
        tempfile.TemporaryDirectory() as packages,
        tempfile.TemporaryDirectory() as work,
        block_device(Path(image)) as loop,
        open_store(Path(work), Path(packages)) as store,
        store.shop.boots(store.disk_on(loop), store.card(KID)) as device,
    ):
        device.has_booted()
        device.until(DOCTOR, f"it answers for {KID}")
        time.sleep(SETTLED_S)
        with told("at rest", device, loop, IDLE_S):
            time.sleep(IDLE_S)
        with told("busy", device, loop, seconds):
            where = (store.shop.work, HERE, sys.executable, CLOUD, KID, str(seconds))
            store.shop.run("sh", "-euc", VIEWERS, "sh", *where, within=seconds + 60)


if __name__ == "__main__":
    main()
