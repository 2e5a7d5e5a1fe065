"""`likelight fleet`: what the IT of many stores does once for all of them."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit, end, let_ctrl_c_be_told

if TYPE_CHECKING:
    from likelight.cli.target import Commands
    from likelight.fleet.bundle.bundle import Work

_KEYRINGS = Path("/usr/share/keyrings")
_DEBIAN_KEYRING = "debian-archive-keyring"
_PI_KEYRING = "raspberrypi-archive-keyring"


def add_fleet(commands: "Commands") -> None:
    """Add `likelight fleet`."""
    fleet = commands.add_parser("fleet", help="collect the packages that all cards carry")
    actions = fleet.add_subparsers(title="commands", required=True, metavar="COMMAND")
    bundle = actions.add_parser(
        "bundle",
        help="collect the packages that devices install at their first boot, offline",
        description="Collect our packages, what they need, and lgpio, spidev and picamera2 from "
        "Debian's and Raspberry Pi's archives: exactly what a stock image lacks, for the option "
        "--packages of flash. It runs on a computer with apt (Debian, Ubuntu) that reaches both "
        "archives, once a release, and needs no root; apt checks all signatures and hashes. Their "
        "addresses stand in /etc/apt/sources.list.d of a Raspberry Pi, behind URIs. Type the same "
        "again to go on after an interruption.",
    )
    bundle.add_argument(
        "packages", type=Path, metavar="DIST", help="the folder of our packages, from `make deb`"
    )
    bundle.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    bundle.add_argument(
        "--image-list",
        type=Path,
        required=True,
        metavar="FILE",
        help="which packages the image has: the .info file beside it on Raspberry Pi's server, "
        "what `dpkg -l` says on a device, or its /var/lib/dpkg/status",
    )
    bundle.add_argument(
        "--release", choices=("trixie", "bookworm"), default="trixie", help="(default %(default)s)"
    )
    bundle.add_argument(
        "--arch", choices=("arm64", "amd64"), default="arm64", help="(default %(default)s)"
    )
    bundle.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="NAME",
        help="leave out python3-lgpio, python3-spidev or python3-picamera2; may be repeated",
    )
    _archive_options(bundle)
    bundle.set_defaults(run=_bundle)


def _archive_options(bundle: argparse.ArgumentParser) -> None:
    """Add where the archives are, and whose signatures they have."""
    archives = bundle.add_argument_group("the archives")
    archives.add_argument("--debian", metavar="URL", required=True, help="Debian's archive")
    archives.add_argument(
        "--security",
        metavar="URL",
        help="its security updates (default: its address and -security)",
    )
    archives.add_argument("--pi", metavar="URL", help="Raspberry Pi's archive; arm64 needs it")
    for name, of, keyring in (
        ("debian", "Debian's", _DEBIAN_KEYRING),
        ("pi", "Raspberry Pi's", _PI_KEYRING),
    ):
        archives.add_argument(
            f"--{name}-keyring",
            type=Path,
            metavar="FILE",
            help=f"the keys of {of} archive (default {_KEYRINGS}/{keyring}.pgp or .gpg)",
        )


def _bundle(arguments: argparse.Namespace) -> Exit:
    from likelight.cli.flash_progress import Progress
    from likelight.fleet.bundle.apt import Archive
    from likelight.fleet.bundle.bundle import BundleOrder, make_bundle
    from likelight.fleet.flash.errors import FlashError
    from likelight.runtime.clock import utc_now

    release, progress = arguments.release, Progress(sys.stderr, time.monotonic)

    def tell(work: "Work | str") -> None:
        if isinstance(work, str):
            print(work, file=sys.stderr, flush=True)
        else:
            progress(work.what, work.done, work.total)

    let_ctrl_c_be_told()
    try:
        debian = _keyring(arguments.debian_keyring, _DEBIAN_KEYRING)
        archives = [
            Archive(arguments.debian, (release, f"{release}-updates"), debian),
            Archive(_security(arguments), (f"{release}-security",), debian),
        ]
        if arguments.pi:
            pi = _keyring(arguments.pi_keyring, _PI_KEYRING)
            archives.append(Archive(arguments.pi, (release,), pi))
        elif arguments.arch == "arm64":
            raise FlashError("name Raspberry Pi's archive with --pi: arm64 needs lgpio from there")
        order = BundleOrder(
            arguments.packages,
            arguments.image_list,
            release,
            arguments.arch,
            tuple(archives),
            frozenset(arguments.without),
            arguments.out,
        )
        bundle = make_bundle(order, utc_now, tell)
    except FlashError as error:
        return end(error, Exit.FAILED)
    except KeyboardInterrupt:
        return end("interrupted: type the same again to go on", Exit.INTERRUPTED)
    size = sum(file.stat().st_size for file in arguments.out.iterdir())
    print(f"{arguments.out} has {len(bundle.packages)} packages, {size / 1e6:,.0f} MB, checked.")
    print(f"Write cards with it: flash has the option --packages {arguments.out}")
    return Exit.DONE


def _security(arguments: argparse.Namespace) -> str:
    return arguments.security or f"{arguments.debian.rstrip('/')}-security"


def _keyring(named: Path | None, usual: str) -> Path:
    """Return the keyring that was `named`, or the `usual` one of this computer."""
    from likelight.fleet.flash.errors import FlashError

    if named is not None:
        return named.absolute()
    for ending in ("pgp", "gpg"):
        if (found := _KEYRINGS / f"{usual}.{ending}").exists():
            return found
    if usual == _DEBIAN_KEYRING:
        raise FlashError(
            "Debian's keys are missing: type `sudo apt install debian-archive-keyring`"
        )
    raise FlashError(
        f"Raspberry Pi's keys are missing: copy {_KEYRINGS}/{usual}.pgp from a Raspberry Pi whose "
        "image you trust, and name the copy with --pi-keyring"
    )
