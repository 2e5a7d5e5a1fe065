"""The Python of a Debian release, which writes the bytecode that this release reads."""

import subprocess
from functools import cached_property
from pathlib import Path

_WITHIN_S = 600.0


class Interpreter:
    """Python `version` of Debian's `suite`, unpacked into `root` when it is first needed.

    It is unpacked and not installed, and is started by its own loader: neither root nor a chroot is
    needed. Bytecode is the same for all processors.
    """

    def __init__(self, suite: str, version: str, root: Path) -> None:
        self.version = version
        self.suite = suite
        self._root = root

    def compile(self, folder: Path, installed: Path) -> None:
        """Write the bytecode of `folder`, which will lie at `installed`, beside its modules.

        It holds a hash of the source, not a time, and nobody checks it: dpkg owns both.
        """
        subprocess.run(
            [
                *self._command,
                *("-m", "compileall", "-q", "-j1", "--invalidation-mode=unchecked-hash"),
                *("-s", folder, "-p", installed, folder),
            ],
            env={"PYTHONHOME": str(self._root / "usr"), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
            timeout=_WITHIN_S,
            check=True,
        )

    @cached_property
    def _command(self) -> tuple[Path | str, ...]:
        mirror = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(REPO_URI)"],
            stdout=subprocess.PIPE,
            encoding="utf-8",
            timeout=_WITHIN_S,
            check=True,
        ).stdout.splitlines()
        subprocess.run(
            [
                *("mmdebstrap", "--quiet", "--variant=extract", "--architectures=amd64"),
                f"--include=libc6,python{self.version}-minimal,libpython{self.version}-stdlib",
                *(self.suite, self._root, next(at for at in mirror if "security" not in at)),
            ],
            timeout=_WITHIN_S,
            check=True,
        )
        # trixie has all below /usr; in bookworm's packages /lib is apart.
        folders = [self._root / below / "x86_64-linux-gnu" for below in ("usr/lib", "lib")]
        loaders = (folder / "ld-linux-x86-64.so.2" for folder in folders)
        loader = next(file for file in loaders if file.exists())
        libraries = ":".join(map(str, folders))
        python = self._root / f"usr/bin/python{self.version}"
        return (loader, "--library-path", libraries, python, "-S")
