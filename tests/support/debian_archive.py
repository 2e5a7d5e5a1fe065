"""A stand-in for Debian's and Raspberry Pi's archives: small packages, a key made here, HTTP on
loopback. No real archive is asked.
"""

import functools
import hashlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Keys:
    """GnuPG's folder with the key of each archive, by its name. Short paths, for its socket."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def make(self, name: str) -> Path:
        """Make a key; return the keyring with it."""
        who = f"{name}@example.invalid"
        self.gpg("--passphrase", "", "--quick-generate-key", who, "ed25519", "sign", "never")
        keyring = self._home / f"{name}.gpg"
        keyring.write_bytes(self.gpg("--export", who))
        return keyring

    def signed(self, name: str, text: str) -> bytes:
        """Return `text` with the signature of the key `name` around it."""
        return self.gpg("--local-user", f"{name}@example.invalid", "--clearsign", said=text)

    def gpg(self, *words: str, said: str = "") -> bytes:
        command = ["gpg", "--homedir", self._home, "--batch", "--quiet", "--pinentry-mode=loopback"]
        return subprocess.run(
            [*command, *words], input=said.encode(), capture_output=True, timeout=90, check=True
        ).stdout


@contextmanager
def made_keys() -> Iterator[Keys]:
    with tempfile.TemporaryDirectory(prefix="ll-") as home:
        try:
            yield Keys(Path(home))
        finally:
            command = ["gpgconf", "--homedir", home, "--kill", "gpg-agent"]
            subprocess.run(command, timeout=90, check=True)


def make_deb(
    folder: Path, name: str, version: str = "1", arch: str = "arm64", **fields: str
) -> Path:
    """Build a package without any file of its own; return it. `Pre_Depends` is Pre-Depends."""
    tree = folder / f"tree-{name}"
    (tree / "DEBIAN").mkdir(parents=True, exist_ok=True)
    head = {"Package": name, "Version": version, "Architecture": arch, "Maintainer": "a <a@b>"}
    head |= {field.replace("_", "-"): value for field, value in fields.items()}
    text = "".join(f"{field}: {value}\n" for field, value in head.items())
    (tree / "DEBIAN/control").write_text(f"{text}Description: stand-in\n")
    file = folder / f"{name}_{version.rpartition(':')[2]}_{arch}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, file],
        stdout=subprocess.DEVNULL,
        timeout=90,
        check=True,
    )
    return file


def publish(root: Path, suite: str, debs: list[Path], sign: Callable[[str], bytes]) -> None:
    """Write the archive's `suite` below `root`, with the packages `debs` in its pool."""
    (root / "pool").mkdir(parents=True, exist_ok=True)
    stanzas = []
    for deb in debs:
        held = deb.read_bytes()
        (root / "pool" / deb.name).write_bytes(held)
        fields = subprocess.run(
            ["dpkg-deb", "--field", deb], capture_output=True, text=True, timeout=90, check=True
        ).stdout
        digest = hashlib.sha256(held).hexdigest()
        place = f"Filename: pool/{deb.name}\nSize: {len(held)}\nSHA256: {digest}\n"
        stanzas.append(f"{fields}{place}")
    sums = []
    for arch in ("arm64", "amd64"):
        index = root / "dists" / suite / "main" / f"binary-{arch}" / "Packages"
        index.parent.mkdir(parents=True, exist_ok=True)
        index.write_text("\n".join(stanzas))
        held = index.read_bytes()
        name = f"main/binary-{arch}/Packages"
        sums.append(f" {hashlib.sha256(held).hexdigest()} {len(held)} {name}\n")
    release = (
        f"Origin: stand-in\nSuite: {suite}\nCodename: {suite}\nDate: {formatdate(usegmt=True)}\n"
        f"Architectures: amd64 arm64\nComponents: main\nSHA256:\n{''.join(sums)}"
    )
    (root / "dists" / suite / "InRelease").write_bytes(sign(release))


class ServedArchive:
    """What is asked of an archive over HTTP, and where an answer is held back."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []
        self.held = ""
        """The end of the path whose answer waits."""
        self.came = threading.Event()
        """A request for it has come."""
        self.go = threading.Event()


@contextmanager
def served(root: Path) -> Iterator[ServedArchive]:
    """Serve the folder `root`."""

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            archive.asked.append(self.path)
            if archive.held and self.path.endswith(archive.held):
                archive.came.set()
                archive.go.wait(90)
            super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Handler, directory=os.fspath(root))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        archive = ServedArchive(f"http://127.0.0.1:{server.server_address[1]}")
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield archive
        finally:
            archive.go.set()
            server.shutdown()
            serving.join()


def listing(installed: Mapping[str, str], arch: str = "arm64") -> str:
    """Return a list of an image's packages, as its .info file has it."""
    lines = [f"ii  {name:20} {version:12} {arch:8} stand-in" for name, version in installed.items()]
    return "Raspberry Pi reference 2026-10-01\n\nPackages:\n" + "\n".join(lines) + "\n"
