"""`likelight fleet bundle`: what it collects from a stand-in of the archives, and how it fails.

Debian's and Raspberry Pi's archives are not asked here.
"""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from likelight.cli.exits import Exit
from likelight.cli.main import main
from likelight.fleet.bundle.stock import stock_status
from likelight.fleet.flash.errors import FlashError
from likelight.fleet.flash.packages import MANIFEST, Bundle, read_packages
from support.debian_archive import (
    Keys,
    ServedArchive,
    listing,
    made_keys,
    make_deb,
    publish,
    served,
)
from support.disk import disk_of

IMAGE = {
    "base-files": "13.8",
    "dpkg": "1.22",
    "libc6": "2.41-1",
    "python3": "3.13.5-1",
    "libshared-old": "1:1.0-1",
    "libshared-data": "1:1.0-1",
}
"""Its libshared is of before the archive's last change: both go up together."""


OURS = ["likelight-app-1_1+deb13_all", "likelight-deps-abc_1+deb13_arm64", "likelight_1+deb13_all"]
THEIRS = [
    "liblgpio1_0.2-1_arm64",
    "libshared-data_1.1-1_all",
    "libshared-old_1.1-1_arm64",
    "python3-lgpio_0.2-1_arm64",
    "python3-picamera2_0.3-1_arm64",
    "python3-spidev_3.6-1_arm64",
]


@dataclass
class Archives:
    """What the archives publish, and whose signatures they have."""

    root: Path
    ours: Path
    keys: Keys
    keyring: Path
    pi_keyring: Path


class Office:
    """A computer of an office, and the archives that it reaches."""

    def __init__(self, folder: Path, archives: Archives, archive: ServedArchive) -> None:
        self.root = folder / "archive"
        self.archive = archive
        self.archives = archives
        self.out = folder / "for cards"
        self.list = folder / "image.info"
        self.list.write_text(listing(IMAGE))

    @property
    def unfinished(self) -> Path:
        return self.out.with_name(f"{self.out.name}.unfinished")

    def words(self, *more: str) -> list[str]:
        debian = f"{self.archive.url}/debian"
        return [
            *("fleet", "bundle", str(self.archives.ours), "--out", str(self.out)),
            *("--image-list", str(self.list), f"--debian={debian}"),
            *(f"--pi={self.archive.url}/pi", f"--debian-keyring={self.archives.keyring}"),
            *(f"--pi-keyring={self.archives.pi_keyring}", *more),
        ]

    def bundles(self, *more: str) -> int:
        return main(self.words(*more))

    def in_the_pool(self, name: str) -> Path:
        return self.root / "pi" / "pool" / f"{name}.deb"

    def debs_asked(self) -> list[str]:
        return [path.rpartition("/")[2] for path in self.archive.asked if path.endswith(".deb")]


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archives]:
    folder = tmp_path_factory.mktemp("archives")
    debs, ours, root = folder / "debs", folder / "dist", folder / "archive"
    for made in (debs, ours):
        made.mkdir()
    debian = [
        *(make_deb(debs, name, version) for name, version in IMAGE.items() if name[:3] != "lib"),
        make_deb(debs, "libc6", "2.41-1"),
        make_deb(debs, "python3-spidev", "3.6-1", Depends="python3 (>= 3.13)"),
        make_deb(debs, "libshared-old", "1:1.1-1", Depends="libshared-data (= 1:1.1-1)"),
        make_deb(debs, "libshared-data", "1:1.1-1", arch="all"),
        make_deb(debs, "never-wanted"),
    ]
    pi = [
        make_deb(debs, "liblgpio1", "0.2-1"),
        make_deb(debs, "python3-lgpio", "0.2-1", Depends="libc6 (>= 2.40), liblgpio1"),
        make_deb(
            *(debs, "python3-picamera2", "0.3-1"),
            Depends="libshared-old (>= 1:1.1)",
            Recommends="never-wanted",
        ),
    ]
    needs = "likelight-deps-abc, python3 (>= 3.13), python3 (<< 3.14)"
    make_deb(ours, "likelight-deps-abc", "1+deb13")
    make_deb(ours, "likelight-app-1", "1+deb13", "all", Depends=needs)
    make_deb(
        *(ours, "likelight", "1+deb13", "all"),
        Pre_Depends="likelight-app-1 (= 1+deb13)",
        Recommends="python3-lgpio, python3-spidev, python3-picamera2",
    )
    make_deb(ours, "likelight-cloud", "1+deb13")
    make_deb(ours, "likelight-deps-amd", "1+deb13", "amd64")
    with made_keys() as keys:
        found = Archives(root, ours, keys, keys.make("debian"), keys.make("pi"))
        publish(root / "debian", "trixie", debian, signed(keys, "debian"))
        publish(root / "debian", "trixie-updates", [], signed(keys, "debian"))
        publish(root / "debian-security", "trixie-security", [], signed(keys, "debian"))
        publish(root / "pi", "trixie", pi, signed(keys, "pi"))
        yield found


def signed(keys: Keys, name: str) -> Callable[[str], bytes]:
    return lambda text: keys.signed(name, text)


@pytest.fixture
def office(tmp_path: Path, archives: Archives) -> Iterator[Office]:
    shutil.copytree(archives.root, tmp_path / "archive")
    with served(tmp_path / "archive") as archive:
        yield Office(tmp_path, archives, archive)


def test_it_collects_exactly_what_the_image_lacks_and_flash_takes_it(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    assert office.bundles() == Exit.DONE
    said = capsys.readouterr()
    assert "Downloading 6 packages: " in said.err
    assert f"the option --packages {office.out}" in said.out
    assert not office.unfinished.exists()
    bundle = Bundle.model_validate_json((office.out / MANIFEST).read_bytes())
    names = sorted(f"{name}.deb" for name in (*OURS, *THEIRS))
    assert (bundle.release, bundle.architecture, sorted(bundle.packages)) == (
        *("trixie", "arm64"),
        names,
    )
    assert sorted(read_packages(office.out)) == [f"likelight/packages/{name}" for name in names]
    assert office.bundles() == Exit.FAILED
    assert "is there already: name a new folder" in capsys.readouterr().err

    file = office.out / "likelight_1+deb13_all.deb"
    whole = file.read_bytes()
    for change, words in (
        (lambda: file.write_bytes(whole[:-1] + b"x"), "is damaged: copy it anew"),
        (file.unlink, "is missing: copy the whole bundle anew"),
        (lambda: shutil.copy(office.out / names[0], file.with_name("a.deb")), "a.deb is not of"),
    ):
        change()
        with pytest.raises(FlashError, match=words):
            read_packages(office.out)
        file.write_bytes(whole)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("wrong key", "an archive is not signed by the key that is named for it"),
        ("changed index", "what came is not what the archive has signed"),
        ("nobody answers", "an archive can't be reached from here"),
        ("no such release", "an archive has no such release or file"),
        ("missing package", "no such package. Does --pi name Raspberry Pi's own archive?"),
        ("no keyring", "the keyring of http://127.0.0.1:"),
        ("no archive of the Pi's", "name Raspberry Pi's archive with --pi"),
        ("damaged package", "what came is not what the archive has signed"),
    ],
)
def test_what_goes_wrong_is_said_in_words_and_nothing_stands_for_a_bundle(
    office: Office, capsys: pytest.CaptureFixture[str], fault: str, words: str
) -> None:
    options = []
    pool, index = office.in_the_pool(THEIRS[3]), office.root / "pi/dists/trixie/main/binary-arm64"
    whole = pool.read_bytes()
    match fault:
        case "wrong key":
            options = [f"--pi-keyring={office.archives.keyring}"]
        case "changed index":
            changed = (index / "Packages").read_text().replace("0.3-1", "0.3-9")
            (index / "Packages").write_text(changed)
        case "nobody answers":
            options = ["--pi=http://127.0.0.2:1/pi"]  # apt gives up a host, whatever its port
        case "no such release":
            options = [f"--pi={office.archive.url}/none"]
        case "missing package":
            publish(office.root / "pi", "trixie", [], signed(office.archives.keys, "pi"))
        case "no keyring":
            options = ["--pi-keyring=/nowhere/pi.gpg"]
        case "no archive of the Pi's":
            options = ["--pi="]
        case "damaged package":
            pool.write_bytes(whole[:-100])
    assert office.bundles(*options) == Exit.FAILED
    assert words in capsys.readouterr().err
    assert not office.out.exists()
    if fault == "damaged package":
        pool.write_bytes(whole)
        assert office.bundles() == Exit.DONE
        again = office.debs_asked()
        assert again.count(f"{THEIRS[5]}.deb") == 1, "what had come was kept"


def test_a_full_disk_is_said(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    folder = office.root.with_name("large")
    large = make_deb(folder, "liblgpio1", "0.9-1", payload=8 * 2**20)
    publish(office.root / "pi", "trixie", [large], signed(office.archives.keys, "pi"))
    with disk_of(6, folder / "disk") as disk:
        office.out = disk / "bundle"
        left = ("--without=python3-lgpio", "--without=python3-picamera2")
        assert office.bundles(*left) == Exit.FAILED
        assert "the disk is full. Make room" in capsys.readouterr().err
        assert not office.out.exists()


def test_ctrl_c_ends_it_and_the_same_again_goes_on(office: Office) -> None:
    office.archive.held = f"{THEIRS[4]}.deb"
    command = [sys.executable, "-m", "likelight", *office.words()]
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as running:
        try:
            assert office.archive.came.wait(90)
            came = office.debs_asked()[:-1]
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=90)
        finally:
            running.kill()
    assert running.returncode == Exit.INTERRUPTED
    assert "interrupted: type the same again to go on" in said
    assert not office.out.exists()
    office.archive.go.set()
    assert office.bundles() == Exit.DONE
    assert came
    assert [office.debs_asked().count(name) for name in came] == [1] * len(came)


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ("Raspberry Pi reference\n", "has none: give the .info file"),
        (listing(IMAGE | {"base-files": "12.4+deb12u5"}), "is of another release than trixie"),
        (listing(IMAGE, "armhf"), "is of an image for armhf"),
    ],
)
def test_a_list_of_another_image_is_refused(listed: str, words: str) -> None:
    with pytest.raises(FlashError, match=words):
        stock_status(listed, "", "trixie", "arm64")


def test_a_status_of_the_image_is_taken_as_it_is() -> None:
    status = "".join(
        f"Package: {name}\nStatus: install ok installed\nVersion: {version}\n"
        "Architecture: arm64\n\n"
        for name, version in IMAGE.items()
    )
    assert stock_status(status, "", "trixie", "arm64") == status
