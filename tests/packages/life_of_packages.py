"""The Debian packages in trees of both releases, offline: installed, upgraded, gone back, purged.

Building them and the trees takes minutes, so that this belongs to the long run. systemd does not
run in the trees, and nothing here has run on a Raspberry Pi.
"""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from likelight.cli.exits import Exit
from likelight.cli.main import main
from likelight.contract.enrolment import new_code
from support.debian_archive import made_keys, make_deb, publish
from support.debian_tree import BUILD, PROJECT, debian_tree, overlay, said
from support.upgrade_page import commands

IN_THE_TREE = (
    "systemd-sysv",
    "udev",
    "dbus",
    "procps",
    "python3",
    "ca-certificates",
    "libfribidi0",
    "tzdata",
    "python3-spidev",
    "python3-pil",
    "lintian",
)

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can enter a chroot"),
    pytest.mark.timeout(1800),
]


@dataclass
class Tree:
    """A Debian tree that is thrown away, with the packages of three commits in /debs."""

    root: Path
    versions: tuple[str, str, str]

    def run(self, command: str) -> str:
        """Run a command of the shell in the tree, without any network; return what it says."""
        done = subprocess.run(
            [
                *("unshare", "--mount", "--pid", "--fork", "--net", "sh", "-euc"),
                'ip link set lo up; exec chroot "$0" sh -euc "$1"',
                *(self.root, f"mount -t proc proc /proc; {command}"),
            ],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{command} said:\n{done.stdout[-4000:]}"
        return done.stdout

    def follow(self, part: str, number: int = 0) -> None:
        """Do what a part of the page says, in the folder of what the commit `number` made."""
        said = "; ".join(commands(part))
        said = said.replace("apt-get install", "apt-get install -y -q --no-install-recommends")
        self.run(f"cd /debs/{number}; {said}")

    def current(self) -> str:
        """Return the version that the daemon's link leads to."""
        return (self.root / "var/lib/likelight-release/current").readlink().name

    def apps(self) -> set[str]:
        """Return the versions that are installed."""
        folders = (self.root / "usr/lib/likelight").iterdir()
        return {path.name for path in folders if (path / "pyvenv.cfg").exists()}


@pytest.fixture(scope="module", params=["trixie", "bookworm"])
def tree(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tree]:
    suite = request.param
    work = tmp_path_factory.mktemp(suite)
    with overlay((debian_tree(suite, IN_THE_TREE),), work) as mounted:
        yield Tree(mounted, _three_versions(suite, work, mounted / "debs"))


def test_the_life_of_a_device(tree: Tree) -> None:
    first, second, third = tree.versions
    tree.follow("Install or upgrade", 0)
    tree.run("apt-get install -y -q --no-install-recommends /debs/0/likelight-cloud_*.deb")
    assert tree.current() == first
    commit = first.rpartition(".")[2]
    assert commit in tree.run("likelight --version")
    assert "likelight-cloud" in tree.run("likelight-cloud --version")
    assert "usage: likelight" in tree.run("likelight --help")
    tree.run("likelight demo --no-browser --port 18077 --state-dir /tmp/state --for 2")
    tree.run("cat /var/lib/dpkg/info/likelight*.list | sort >/tmp/owned")
    unowned = "find /usr/lib/likelight /usr/lib/likelight-cloud | sort | comm -23 - /tmp/owned"
    assert not tree.run(unowned), "root's commands write no bytecode that dpkg does not know"

    for unit in ("likelight.service", "likelight-stick@.service"):
        at = f"/usr/lib/systemd/system/{unit}"
        tree.run(f"systemd-analyze security --offline=yes --threshold=15 {at}")
    tree.run(
        "! udevadm verify --version || udevadm verify /usr/lib/udev/rules.d/7*-likelight*.rules"
    )
    tree.run(
        "analyze() { systemd-analyze cat-config systemd/$1.conf | grep -qx $2; }; "
        "analyze journald SystemMaxUse=64M; analyze timesyncd SaveIntervalSec=1h; "
        "analyze system RuntimeWatchdogSec=15"
    )

    # What the kitchen chose outlives what follows; what root puts into its home is not imported.
    tree.run(
        "mkdir -p /etc/likelight && echo 'state_dir = \"/srv\"' >/etc/likelight/likelight.toml"
    )
    tree.run(
        "site=$(python3 -c 'import site; print(site.getusersitepackages())'); mkdir -p $site; "
        "echo 'raise SystemExit(66)' >$site/aiohttp.py; likelight --help >/dev/null; "
        "/usr/lib/likelight/current/bin/python3 -s -P -c 'import aiohttp'"
    )
    python = "/usr/lib/likelight/current/bin/python3 -I -c"
    assert "/usr/lib/python3/" in tree.run(f"{python} 'import spidev; print(spidev.__file__)'")
    assert "likelight's, which picamera2 then uses too: PIL" in libraries_of(tree)
    tree.run(f"cd $({python} 'import sys; print(sys.path[-2])'); touch spidev.py numpy.py")
    assert "WARN  apt-libraries" in libraries_of(tree)
    assert "spidev is taken from /usr/local/" in libraries_of(tree)

    tree.follow("Install or upgrade", 1)
    assert tree.current() == second
    tree.run("apt-get autoremove -y")
    assert tree.apps() == {first, second}, "one can go back"

    tree.follow("Go back", 0)
    assert tree.current() == first
    # However an upgrade is cut short, nothing is chosen before it is there.
    refused = tree.run("dpkg --unpack /debs/2/likelight_*.deb || true")
    assert "pre-dependency problem" in refused
    tree.run("dpkg --unpack /debs/2/likelight-app-*.deb")
    assert commit in tree.run("likelight --version"), "the version before runs on"
    tree.run("dpkg --configure -a || true")
    tree.follow("Install or upgrade", 2)
    tree.run("apt-get autoremove -y")
    assert tree.current() == third
    assert tree.apps() == {first, third}
    assert "/srv" in tree.run("cat /etc/likelight/likelight.toml")

    # As first-boot.sh does.
    tree.run("systemctl enable likelight-boot-volume likelight-enrol likelight-wifi.timer")
    tree.follow("Uninstall")
    left = tree.run(
        "find / -xdev -path /debs -prune -o -path /proc -prune -o -name '*likelight*' -print"
    )
    assert not left, "a purge leaves nothing but users and groups"


def test_a_bundle_on_a_card_is_installed_offline_by_the_first_boot(
    tree: Tree, tmp_path: Path
) -> None:
    suite = "trixie" if (tree.root / "usr/bin/python3.13").exists() else "bookworm"
    image_list = tmp_path / "image.info"
    image_list.write_text(tree.run("dpkg -l"))
    with made_keys() as keys:
        keyrings = [keys.make(name) for name in ("debian", "pi")]
        for of in (suite, f"{suite}-updates", f"{suite}-security"):
            publish(tmp_path / "debian", of, [], lambda text: keys.signed("debian", text))
        theirs = [
            make_deb(tmp_path, "liblgpio1", "0.2-1", "amd64"),
            make_deb(tmp_path, "python3-lgpio", "0.2-1", "amd64", Depends="liblgpio1, python3"),
            make_deb(tmp_path, "python3-picamera2", "0.3-1", "all", Depends="python3-pil"),
        ]
        publish(tmp_path / "pi", suite, theirs, lambda text: keys.signed("pi", text))
        debian, pi = f"file://{tmp_path}/debian", f"file://{tmp_path}/pi"
        words = [
            *("fleet", "bundle", f"{tree.root}/debs/0", f"--out={tmp_path}/bundle", "--arch=amd64"),
            *(f"--image-list={image_list}", f"--release={suite}", f"--debian={debian}"),
            *(f"--security={debian}", f"--debian-keyring={keyrings[0]}"),
            *(f"--pi={pi}", f"--pi-keyring={keyrings[1]}"),
        ]
        assert main(words) == Exit.DONE

    boot = tree.root / "boot/firmware"
    boot.mkdir(parents=True)
    (boot / "config.txt").touch()
    (boot / "cmdline.txt").write_text("root=PARTUUID=1-02 rootwait\n")
    stores, codes = tmp_path / "stores.csv", tmp_path / "codes.csv"
    stores.write_text("store,name,board,kit\n0421,Harbour,pi-5,cheap\n")
    codes.write_text(f"store,code\n0421,{new_code()}\n")
    words = [f"--stores={stores}", f"--codes={codes}", "--cloud=https://cloud.example"]
    words += ["--store=0421", f"--volume={boot}", f"--packages={tmp_path}/bundle"]
    assert main(["flash", *words]) == Exit.DONE
    tree.run(
        "cd /boot/firmware/likelight; "
        "SYSTEMD_OFFLINE=1 sh ./first-boot.sh || { cat first-boot.log; false; }"
    )
    tree.run("dpkg-query -W -f '${db:Status-Status} ${Package}\\n' >/tmp/now")
    tree.run(
        "for p in likelight liblgpio1 python3-lgpio python3-picamera2; do "
        'grep -x "installed $p" /tmp/now; done'
    )
    assert 'id = "0421"' in tree.run("cat /etc/likelight/conf.d/boot-volume.toml")
    tree.run(
        "apt-get purge -y 'likelight*' liblgpio1 python3-picamera2; "
        "rm -rf /boot/firmware /etc/NetworkManager /var/lib/NetworkManager"
    )


def libraries_of(tree: Tree) -> str:
    """Return what the doctor says of the libraries that are apt's."""
    return tree.run("(likelight doctor --all || true) | grep -A3 ' apt-libraries '")


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_the_same_commit_makes_the_same_packages(tmp_path: Path, architecture: str) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", PROJECT, clone], check=True)
    built = []
    # The manual pages are those of the source that is built, not of what is installed here.
    source = os.pathsep.join(str(clone / floor) for floor in ("firmware", "cloud", "hw"))
    for name, mask, zone, columns in (
        ("one", 0o022, "UTC", "60"),
        ("two", 0o077, "Asia/Tokyo", "200"),
    ):
        out = tmp_path / name
        subprocess.run(
            [
                *(PROJECT / ".venv/bin/python", BUILD, "--suite=trixie"),
                *(f"--arch={architecture}", f"--out={out}"),
            ],
            cwd=clone,
            env=os.environ | {"TZ": zone, "COLUMNS": columns, "PYTHONPATH": source},
            umask=mask,
            check=True,
        )
        built.append(
            {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in out.iterdir()}
        )
    assert len(built[0]) == 4
    assert built[0] == built[1]


def test_each_release_s_own_lintian_finds_nothing(tree: Tree) -> None:
    assert len(list((tree.root / "debs/0").glob("*.deb"))) == 4
    tree.run("lintian --fail-on=error,warning --allow-root /debs/0/*.deb")


def _three_versions(suite: str, work: Path, into: Path) -> tuple[str, str, str]:
    """Build the packages of three commits, the last one and two after it, into 0, 1 and 2."""
    clone = work / "clone"
    subprocess.run(["git", "clone", "-q", PROJECT, clone], check=True)
    who = {
        f"GIT_{role}_{part}": "a@b"
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    }
    epoch = int(said("git", "-C", clone, "log", "-1", "--format=%ct"))
    versions = []
    for number in range(3):
        out = into / str(number)
        built = out if suite == "trixie" else out / suite
        if number:
            built.mkdir(parents=True)
            when = f"{epoch + 60 * number} +0000"
            subprocess.run(
                ["git", "-C", clone, "commit", "-q", "--allow-empty", "-m", "Next"],
                env=os.environ | who | {"GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when},
                check=True,
            )
            for libraries in (into / "0").glob("likelight-deps-*"):
                os.link(libraries, built / libraries.name)
        subprocess.run(
            [
                *(PROJECT / ".venv/bin/python", BUILD, f"--suite={suite}", "--arch=amd64"),
                *(f"--out={out}", *(("--of=device",) if number else ())),
            ],
            cwd=clone,
            check=True,
        )
        for file in built.glob("*.deb"):
            file.replace(out / file.name)
        (app,) = out.glob("likelight-app-*.deb")
        versions.append(app.name.partition("_")[0].removeprefix("likelight-app-"))
    return versions[0], versions[1], versions[2]
