"""A real PostgreSQL server from Debian's package, one for each process of the tests."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.demo import free_port
from support.disk import disk_of

OWNER = "postgres"
"""Whom the servers run as when the tests are root's: PostgreSQL refuses root."""

_CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 100
shared_buffers = 32MB
lc_messages = C
# pg_rewind wants them, or checksums.
wal_log_hints = on
# And all that was written since the last checkpoint that both have.
wal_keep_size = 64MB
"""
# What a test writes need not survive the machine. Tests of durability leave these out.
_FAST = "fsync = off\n"
_START_WITHIN_S = 120


def programs() -> Path:
    """Return the folder of the newest PostgreSQL's programs, or the one that LIKELIGHT_POSTGRESQL
    names; skip the test where there is none."""
    named = os.environ.get("LIKELIGHT_POSTGRESQL")
    if named is not None:
        return Path(named)
    found = list(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        pytest.skip("needs Debian's postgresql-15")
    return max(found, key=lambda program: int(program.parts[-3])).parent


class Server:
    """A server in a folder of its own; its databases belong to the role "likelight".

    With `copies` it is a standby, which follows that server until `promote`.
    """

    def __init__(self, *, durable: bool = False, copies: "Server | None" = None) -> None:
        self._programs = programs()
        self._folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        self._data = self._folder / "data"
        self._settings = _CONFIGURATION + ("" if durable else _FAST)
        self._password = secrets.token_hex(12) if copies is None else copies._password
        self._running: subprocess.Popen[bytes] | None = None
        self._named = 0
        self._follows = copies
        self._waits_for: Server | None = None
        self.port = free_port()
        if os.geteuid() == 0:
            shutil.chown(self._folder, OWNER, OWNER)
        password = self._folder / "password"
        password.write_text(self._password)
        password.chmod(0o644)  # in a folder that only its owner enters
        if copies is not None:
            self._tool(
                *("pg_basebackup", "-D", str(self._data), *copies._at(), "-c", "fast"),
                *("-X", "stream", "--no-sync", "--no-manifest"),
            )
            self.follow(copies)
            return
        self._tool(
            *("initdb", "--pgdata", str(self._data), "--username=postgres", "--no-sync"),
            *("--auth=scram-sha-256", f"--pwfile={password}", "--locale=C.UTF-8"),
        )
        self.start()
        self.sql(f"CREATE ROLE likelight LOGIN PASSWORD '{self._password}'")

    def start(self) -> None:
        """Start it on the data that it has; return once it answers."""
        configuration = self._configure()
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
        _until(self._ready)

    def _configure(self) -> Path:
        """Write its configuration, outside the data, which a standby copies; return the file."""
        file = self._folder / "postgresql.conf"
        text = f"{self._settings}port = {self.port}\ncluster_name = '{self._name}'\n"
        if self._waits_for is not None:
            text += f"synchronous_standby_names = 'ANY 1 ({self._waits_for._name})'\n"
        if self._follows is not None:
            text += (
                f"primary_conninfo = 'host=127.0.0.1 port={self._follows.port} user=postgres"
                f" password={self._password} connect_timeout=2'\n"
            )
        file.write_text(text)
        file.chmod(0o644)
        return file

    def follow(self, primary: "Server") -> None:
        """Start as the standby of `primary`, on the data that it has; return once that waits for
        it with each commit."""
        self._follows, self._waits_for = primary, None
        signal_file = self._data / "standby.signal"
        signal_file.touch()
        if os.geteuid() == 0:
            shutil.chown(signal_file, OWNER, OWNER)
        self.start()
        primary.wait_for(self)
        _until(
            lambda: (
                primary.sql(
                    "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"
                    " AND sync_state IN ('sync', 'quorum')"
                )
                == "1"
            )
        )

    def wait_for(self, standby: "Server | None") -> None:
        """From now on have a commit wait until `standby` has it, too."""
        self._waits_for = standby
        self._configure()
        if self._running is not None:
            self._running.send_signal(signal.SIGHUP)

    def promote(self) -> None:
        """Make the standby a primary that waits for nobody; return once it takes writes."""
        self._follows = None
        self.wait_for(None)
        self.sql("SELECT pg_promote(true, 60)")

    def rewind(self, primary: "Server") -> None:
        """Follow `primary`, which was promoted meanwhile, though this one may have gone on."""
        self.stop()
        # PostgreSQL 15: before the next checkpoint pg_rewind still sees the old time line.
        primary.sql("CHECKPOINT")
        self._tool(
            *("pg_rewind", "-D", str(self._data), "--no-sync"),
            f"--config-file={self._folder / 'postgresql.conf'}",
            f"--source-server=host=127.0.0.1 port={primary.port} user=postgres dbname=postgres",
        )
        self.follow(primary)

    def kill(self) -> None:
        """End it as a power cut does: kill -9 of all its processes at once."""
        running = self._running
        if running is None:
            return
        running.send_signal(signal.SIGSTOP)  # it must not see its children die first
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        for process in (running.pid, *map(int, children)):
            os.kill(process, signal.SIGKILL)
        self.stop(signal.SIGKILL)
        _until(lambda: not any(_runs(int(child)) for child in children))

    def waiting(self) -> list[str]:
        """Return the backends whose COMMIT waits for the standby."""
        return self.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'").split()

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
            *("psql", "-XAtq", *self._at(), "-v", "ON_ERROR_STOP=1", "-d", database, "-c", command)
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

    @contextmanager
    def small_database(self, mb: int) -> Iterator[tuple[str, Path]]:
        """Make a database whose tables are on a disk of `mb` MB; yield its URL and that disk."""
        with disk_of(mb, self._folder / "disk") as disk:
            tables = disk / "tables"
            tables.mkdir()
            if os.geteuid() == 0:
                shutil.chown(tables, OWNER, OWNER)
            self.sql(f"CREATE TABLESPACE small LOCATION '{tables}'")
            self.sql("CREATE DATABASE small OWNER likelight TABLESPACE small")
            try:
                yield self.url("small"), disk
            finally:
                self.sql("DROP DATABASE small WITH (FORCE)")
                self.sql("DROP TABLESPACE small")

    @property
    def _name(self) -> str:
        return f"server_{self.port}"

    def _at(self) -> list[str]:
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]

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


def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + _START_WITHIN_S
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def _runs(process: int) -> bool:
    """Return whether it runs: whoever adopts an orphan may take a moment to reap it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _as_owner() -> list[str]:
    if os.geteuid() != 0:
        return []
    return [f"--reuid={OWNER}", f"--regid={OWNER}", "--init-groups"]
