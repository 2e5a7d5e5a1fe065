"""What a busy day writes to the card: a like a second and 25 notes an hour, on a real ext4.

Run as root: `python tests/bench/bench_bytes.py [--minutes 20]`. It makes an image with an ext4 in
the memory disk, mounts it by a loop device, and runs `likelight run` with its state there: once
with a cloud elsewhere, once with the cloud inside. The kernel's own count of sectors written is
told, scaled to a day of 12 hours.
"""

import argparse
import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aiohttp

IMAGE_MB = 256
DAY_S = 12 * 3600
NOTE_EVERY_S = 144
SECTOR = 512
BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@contextlib.contextmanager
def card(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Mount a fresh ext4; yield where, and the statistics of its loop device."""
    image, at = folder / "card.img", folder / "card"
    at.mkdir()
    with image.open("wb") as file:
        file.truncate(IMAGE_MB << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    loop = subprocess.run(
        ["losetup", "--find", "--show", image], check=True, capture_output=True, text=True
    ).stdout.strip()
    subprocess.run(["mount", "-o", "noatime", loop, at], check=True)
    try:
        yield at, Path("/sys/block") / Path(loop).name / "stat"
    finally:
        subprocess.run(["umount", at], check=True)
        subprocess.run(["losetup", "--detach", loop], check=True)


def written(stat: Path, at: Path) -> int:
    """Return the bytes that the device has been written."""
    subprocess.run(["sync", "--file-system", at], check=True)
    return int(stat.read_text().split()[6]) * SECTOR


async def busy(url: str, kid: str, seconds: float) -> None:
    """Send a like a second, and a note each 144 s."""
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with aiohttp.ClientSession(
        headers=headers, cookie_jar=aiohttp.CookieJar(unsafe=True)
    ) as session:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for second in range(round(seconds)):
            await asyncio.sleep(began + second - loop.time())
            batch = f"00000000-0000-4000-8000-{second:012d}"
            async with session.post(
                f"{url}/v1/kitchens/{kid}/likes", json={"n": 1, "batch": batch}
            ) as reply:
                assert reply.status in (202, 429), await reply.text()
            if second % NOTE_EVERY_S == NOTE_EVERY_S // 2:
                async with session.post(
                    f"{url}/v1/kitchens/{kid}/notes",
                    json={"code": "heroes"},
                    headers={"Idempotency-Key": f"note-{second}"},
                ) as reply:
                    assert reply.status in (201, 429), await reply.text()


async def answers(url: str) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(url) as reply:
                    if reply.status == 200:
                        return
            await asyncio.sleep(0.2)


async def measure(name: str, seconds: float, *, elsewhere: bool) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as place, card(Path(place)) as (at, stat):
        folder, port, cloud_port = Path(place), free_port(), free_port()
        url = f"http://127.0.0.1:{cloud_port if elsewhere else port}"
        running = []
        config = f'state_dir = "{at}/state"\n[kitchen]\nid = "kitchen"\n[web]\nport = {port}\n'
        if elsewhere:
            cloud = [BIN / "likelight-cloud"]
            base = ["--database", folder / "cloud.sqlite"]
            subprocess.run([*cloud, "init", *base], check=True, capture_output=True)
            added = subprocess.run(
                [*cloud, "kitchen", "add", *base, "kitchen", "K"],
                check=True,
                capture_output=True,
                text=True,
            )
            token = folder / "token"
            token.touch(mode=0o600)
            token.write_text(added.stdout.split()[-1])
            serve = [*cloud, "serve", *base, "--host", "127.0.0.1", "--port", str(cloud_port)]
            admin = ["--admin-port", str(free_port())]
            running.append(subprocess.Popen([*serve, *admin], stderr=subprocess.DEVNULL))
            await answers(f"{url}/healthz")
            config += f'[cloud]\nurl = "{url}"\ntoken_file = "{token}"\n'
        file = folder / "likelight.toml"
        file.write_text(config)
        running.append(
            subprocess.Popen(
                [BIN / "likelight", "run", "--config", file],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        try:
            await answers(f"http://127.0.0.1:{port}/readyz")
            before = written(stat, at)
            await busy(url, "kitchen", seconds)
            total = written(stat, at) - before
        finally:
            for process in reversed(running):
                process.send_signal(signal.SIGTERM)
                process.wait()
    day = total * DAY_S / seconds / 1e6
    print(
        f"{name}: {total / 1e6:.2f} MB in {seconds / 60:g} min, {day:.0f} MB a busy day", flush=True
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    seconds = parser.parse_args().minutes * 60
    await asyncio.gather(
        measure("a cloud elsewhere", seconds, elsewhere=True),
        measure("the cloud inside", seconds, elsewhere=False),
    )


if __name__ == "__main__":
    asyncio.run(main())
