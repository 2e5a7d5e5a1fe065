"""A real PostgreSQL server from Debian's package, one for each process of the tests."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.demo import free_port

OWNER = "postgres"
"""Whom the servers run as when the tests are root's: PostgreSQL refuses root."""

_CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 100
shared_buffers = 32MB
lc_messages = C
"""
# What a test writes need not survive the machine. Tests of durability leave these out.
_FAST = "fsync = off\nfull_page_writes = off\n"
_START_WITHIN_S = 120


def programs() -> Path:
    """Return the folder of the newest PostgreSQL's programs; skip the test where there is none."""
    found = list(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        pytest.skip("needs Debian's postgresql-15")
    return max(found, key=lambda program: int(program.parts[-3])).parent


class Server:
    """A server in a folder of its own; its databases belong to the role "likelight"."""

    def __init__(self, *, durable: bool = False) -> None:
        self._programs = programs()
        self._folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        self._data = self._folder / "data"
        self._settings = _CONFIGURATION + ("" if durable else _FAST)
        self._password = secrets.token_hex(12)
        self._running: subprocess.Popen[bytes] | None = None
        self._named = 0
        self.port = free_port()
        if os.geteuid() == 0:
            shutil.chown(self._folder, OWNER, OWNER)
        password = self._folder / "password"
        password.write_text(self._password)
        password.chmod(0o644)  # in a folder that only its owner enters
        self._tool(
            *("initdb", "--pgdata", str(self._data), "--username=postgres", "--no-sync"),
            *("--auth=scram-sha-256", f"--pwfile={password}", "--locale=C.UTF-8"),
        )
        self.start()
        self.sql(f"CREATE ROLE likelight LOGIN PASSWORD '{self._password}'")

    def start(self) -> None:
        """Start it on the data that it has; return once it answers."""
        configuration = self._folder / "postgresql.conf"
        configuration.write_text(f"{self._settings}port = {self.port}\n")
        configuration.chmod(0o644)
        with (self._folder / "log").open("ab") as log:
            # Not by pg_ctl: so it is our child, and ends with us, however we end.
            self._running = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig=INT", *_as_owner()),
                    *(self._programs / "postgres", "-D", self._data),
                    *("-c", f"config_file={configuration}"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
            )
        until = time.monotonic() + _START_WITHIN_S
        while not self._ready():
            assert time.monotonic() < until, (self._folder / "log").read_text()
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it. SIGINT ends its connections in order, SIGQUIT as a crash does."""
        if self._running is not None:
            self._running.send_signal(how)
            self._running.wait(60)
            self._running = None

    def remove(self) -> None:
        """End it and delete all that it had."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder)

    def sql(self, command: str, database: str = "postgres") -> str:
        """Return what `command` says, run as the superuser, or in the database at a URL."""
        return self._tool(
            *("psql", "-XAtq", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"),
            *("-v", "ON_ERROR_STOP=1", "-d", database, "-c", command),
        )

    def url(self, database: str) -> str:
        """Return the URL of a database, with its owner's password."""
        return f"postgresql://likelight:{self._password}@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make a new database; yield its URL."""
        self._named += 1
        name = f"test_{self._named}"
        self.sql(f"CREATE DATABASE {name} OWNER likelight")
        try:
            yield self.url(name)
        finally:
            self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def _ready(self) -> bool:
        assert self._running is not None
        assert self._running.poll() is None, (self._folder / "log").read_text()
        state = self._data / "postmaster.pid"
        lines = state.read_text().split("\n") if state.exists() else []
        # Its eighth line says whether it answers.
        return len(lines) > 7 and lines[7].strip() == "ready" and int(lines[0]) == self._running.pid

    def _tool(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            ["setpriv", *_as_owner(), str(self._programs / program), *arguments],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PGPASSWORD": self._password},
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=_START_WITHIN_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()


def _as_owner() -> list[str]:
    if os.geteuid() != 0:
        return []
    return [f"--reuid={OWNER}", f"--regid={OWNER}", "--init-groups"]
