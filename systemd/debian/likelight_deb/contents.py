"""What is in each package, and where."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from likelight.cli.main import command_line as device_commands
from likelight_cloud.cli.main import command_line as cloud_commands
from likelight_deb import documents, libraries
from likelight_deb.archive import Origin, Package, build
from likelight_deb.interpreter import Interpreter

_SCRIPTS = Path(__file__).parents[1] / "scripts"
_BELOW = Path("usr/lib/likelight")
_CLOUD = Path("usr/lib/likelight-cloud")
_BUILT_WITHIN_S = 600.0
_OURS = {
    "wrong-path-for-interpreter": "A program runs in the environment of its own version.",
    "duplicate-font-file": "The screens are drawn and tested with this version of it.",
    "script-not-executable": "first-boot.sh is copied onto a card, and started there.",
    "package-has-long-file-name": "A version that was never released has its commit in the name.",
}


def build_wheel(source: Path, into: Path, commit: str, epoch: int) -> Path:
    """Build the project's wheel from its unpacked `source`; return the file."""
    (source / "firmware/likelight/commit.txt").write_text(f"{commit[:12]}\n", encoding="ascii")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "-qq", "--disable-pip-version-check"),
            *("--no-deps", "--no-build-isolation", f"--wheel-dir={into}", source),
        ],
        env=os.environ | {"SOURCE_DATE_EPOCH": str(epoch)},
        timeout=_BUILT_WITHIN_S,
        check=True,
    )
    (made,) = into.glob("*.whl")
    return made


class Contents:
    """The packages of one commit for one release of Debian.

    Device: `/usr/lib/likelight/deps/TREE` has the libraries, `/usr/lib/likelight/NAME` a version of
    ours, a virtual environment by hand that sees the libraries and the system's packages; several
    lie side by side, and `current` is a link to the one that runs.
    """

    def __init__(
        self,
        source: Path,
        wheel: Path,
        origin: Origin,
        name: str,
        version: str,
        python: Interpreter,
    ) -> None:
        self._source = source
        self._wheel = wheel
        self._origin = origin
        self._name = name
        self._version = version
        self._python = python
        self._python_range = libraries.python_range(python.version)
        self._lock = (source / "requirements.lock").read_text()
        self._tree = libraries.tree_name(self._lock, origin.licence, python.version)

    def libraries(self, architecture: str, work: Path, into: Path) -> Path:
        """Build likelight-deps-TREE. One that is there already is that very tree, and kept."""
        debian = self._version.rpartition("+")[2]
        package = libraries.package(self._tree, self._python.version, debian, architecture)
        if (into / package.file).exists():
            return into / package.file
        root = work / f"{package.name}-{architecture}"
        below = _BELOW / "deps" / self._tree
        libraries.install(self._lock, self._python.version, architecture, root / below)
        libraries.tidy(root / below, Path("/") / below, self._python.compile)
        origin = libraries.origin(self._tree, self._origin.licence)
        return build(package, root, origin, into)

    def app(self, work: Path, into: Path) -> Path:
        """Build likelight-app-NAME: our code, in a folder of its own."""
        root = work / f"app-{self._version}"
        below = _BELOW / self._name
        site = self._environment(root, below, "likelight.__main__", "likelight")
        (site / "likelight-deps.pth").write_text(f"/{_BELOW}/deps/{self._tree}\n")
        self._list_materials(root, f"likelight-app-{self._name}", self._lock)
        return build(
            Package(
                f"likelight-app-{self._name}",
                self._version,
                "all",
                f"appreciation light for kitchens, version {self._name}",
                "Lies beside other versions; the package likelight chooses the one that runs.",
                {
                    "Depends": f"likelight-deps-{self._tree}, {self._python_range}, "
                    "ca-certificates, libfribidi0, tzdata",
                },
                _OURS | libraries.BYTECODE,
            ),
            root,
            self._origin,
            into,
        )

    def device(self, work: Path, into: Path) -> Path:
        """Build likelight: units, user, rules for the hardware, and the choice of the version."""
        root = work / f"device-{self._version}"
        systemd = self._source / "systemd"
        units = root / "usr/lib/systemd/system"
        program = {"/opt/likelight/current": f"/{_BELOW}/current"}
        for of in ("", "-boot-volume", "-stick@", "-enrol", "-wifi"):
            _put(systemd / f"likelight{of}.service", units, program)
        _put(systemd / "likelight-wifi.timer", units)
        if self._python.suite != "bookworm":  # whose systemd 252 does not know its settings
            _put(systemd / "likelight.service.d/growing-pauses.conf", units / "likelight.service.d")
        for of in ("journald", "timesyncd", "system"):
            _put(systemd / f"{of}.conf.d/likelight.conf", root / f"usr/lib/systemd/{of}.conf.d")
        dispatchers = root / "usr/lib/NetworkManager/dispatcher.d"
        _put(
            systemd / "90-likelight", dispatchers, {"/opt/likelight/current": f"/{_BELOW}/current"}
        )
        (dispatchers / "90-likelight").chmod(0o755)
        _put(systemd / "likelight.sysusers", root / "usr/lib/sysusers.d", name="likelight.conf")
        for rules in ("hw/udev/70-likelight.rules", "systemd/71-likelight-stick.rules"):
            _put(self._source / rules, root / "usr/lib/udev/rules.d")
        documents = root / "usr/share/doc/likelight"
        for page in (
            "README.md",
            "CHANGELOG.md",
            "firmware/SETTINGS.md",
            "firmware/FLASH.md",
            "firmware/STORE.md",
            "firmware/STORE.html",
            "systemd/OFFICE.html",
            "hw/WIRING.md",
        ):
            _put(self._source / page, documents)
        _link(root / _BELOW / "current", "/var/lib/likelight-release/current")
        _link(root / "usr/bin/likelight", "../lib/likelight/current/bin/likelight")
        self._document(root, device_commands(), "appreciation light for kitchens")
        self._scripts("likelight", root)
        return build(
            Package(
                "likelight",
                self._version,
                "all",
                "appreciation light for kitchens",
                "A tap on a phone lights a lamp where the food is made. This package has the "
                "service, its user and the rules for the hardware.",
                {
                    # Before it: after a full disk dpkg would go on, and leave a choice of what is
                    # not there, which apt does not mend by itself.
                    "Pre-Depends": f"likelight-app-{self._name} (= {self._version})",
                    "Depends": "systemd, udev",
                    # Those from the Raspberry Pi's own archive are missing elsewhere.
                    "Recommends": "python3-lgpio, python3-spidev, python3-picamera2",
                },
            ),
            root,
            self._origin,
            into,
        )

    def cloud(self, architecture: str, work: Path, into: Path) -> Path:
        """Build likelight-cloud, with its libraries: a server runs one version."""
        root = work / f"cloud-{self._version}-{architecture}"
        site = self._environment(root, _CLOUD, "likelight_cloud.cli.main", "likelight-cloud")
        lock = (self._source / "cloud/requirements.lock").read_text()
        installed = Path("/") / site.relative_to(root)
        libraries.install(lock, self._python.version, architecture, site)
        libraries.tidy(site, installed, self._python.compile)
        units = root / "usr/lib/systemd/system"
        for unit in (self._source / "systemd").glob("likelight-cloud*.*"):
            if unit.suffix != ".sysusers":
                _put(unit, units, {"/opt/likelight-cloud/bin": f"/{_CLOUD}/bin"})
        _put(
            self._source / "systemd/likelight-cloud.sysusers",
            root / "usr/lib/sysusers.d",
            name="likelight-cloud.conf",
        )
        for page in self._source.glob("cloud/*.md"):
            _put(page, root / "usr/share/doc/likelight-cloud")
        for folder in ("nginx", "caddy", "varnish"):
            shutil.copytree(
                self._source / "cloud" / folder,
                root / "usr/share/doc/likelight-cloud" / folder,
                dirs_exist_ok=True,
            )
        _link(root / "usr/bin/likelight-cloud", "../lib/likelight-cloud/bin/likelight-cloud")
        self._document(root, cloud_commands(), "the cloud that likelight devices poll")
        self._list_materials(root, "likelight-cloud", lock)
        self._scripts("likelight-cloud", root)
        return build(
            Package(
                "likelight-cloud",
                self._version,
                architecture,
                "cloud of likelight, appreciation light for kitchens",
                "What the devices in kitchens poll, and the page that viewers open, for a server.",
                {
                    "Depends": f"{self._python_range}, libc6 (>= 2.34), libfribidi0, systemd, "
                    "tzdata",
                    "Recommends": "nginx",
                    "Suggests": "postgresql-client",
                },
                _OURS | libraries.OF_WHEELS | libraries.BYTECODE,
            ),
            root,
            self._origin,
            into,
        )

    def _environment(self, root: Path, below: Path, module: str, command: str) -> Path:
        """Make a virtual environment at `root / below` with our wheel; return its site-packages.

        It sees the system's packages, for libcamera, lgpio and spidev are theirs. Its `python3` is
        the minor version's, so that another Python fails at once and in words.
        """
        python = f"python{self._python.version}"
        home = root / below
        site = home / "lib" / python / "site-packages"
        libraries.install_wheel(self._wheel, site)
        libraries.tidy(site, Path("/") / site.relative_to(root), self._python.compile)
        (home / "pyvenv.cfg").write_text(
            "home = /usr/bin\ninclude-system-site-packages = true\n"
            f"version = {self._python.version}\n"
        )
        _link(home / "bin/python3", f"{'../' * len(below.parts)}bin/{python}")
        program = home / "bin" / command
        # -I: nothing is imported from the working directory, the user's folder or PYTHONPATH.
        program.write_text(
            f"#!/{below}/bin/python3 -I\n"
            f"import sys\n\nfrom {module} import main\n\nsys.exit(main())\n"
        )
        program.chmod(0o755)
        return site

    def _document(self, root: Path, parser: argparse.ArgumentParser, summary: str) -> None:
        """Add the manual page and the completion of a command."""
        page = root / f"usr/share/man/man1/{parser.prog}.1.gz"
        page.parent.mkdir(parents=True)
        page.write_bytes(documents.manual(parser, summary, self._origin.epoch))
        completed = root / f"usr/share/bash-completion/completions/{parser.prog}"
        completed.parent.mkdir(parents=True)
        completed.write_text(documents.completion(parser))

    def _list_materials(self, root: Path, package: str, lock: str) -> None:
        """Add the bill of materials."""
        folder = root / "usr/share/doc" / package
        folder.mkdir(parents=True, exist_ok=True)
        told = documents.materials(package, self._version, libraries.pins(lock), self._origin.epoch)
        (folder / "sbom.cdx.json").write_text(told)

    def _scripts(self, package: str, root: Path) -> None:
        """Add the package's maintainer scripts."""
        for script in ("postinst", "prerm", "postrm"):
            file = _put(
                _SCRIPTS / f"{package}.{script}", root / "DEBIAN", {"@NAME@": self._name}, script
            )
            file.chmod(0o755)


def _put(
    file: Path, folder: Path, replaced: dict[str, str] | None = None, name: str | None = None
) -> Path:
    """Copy a file of text into `folder`, under another `name` perhaps and with words replaced;
    return the copy."""
    text = file.read_text(encoding="utf-8")
    for old, new in (replaced or {}).items():
        text = text.replace(old, new)
    folder.mkdir(parents=True, exist_ok=True)
    copied = folder / (name or file.name)
    copied.write_text(text, encoding="utf-8")
    return copied


def _link(link: Path, target: str) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
