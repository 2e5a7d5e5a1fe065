"""Three hosts of our page for several hosts, as far as one machine has them: etcd, Patroni and
PostgreSQL from Debian's packages with the files that we ship, each on an address of its own."""

import asyncio
import json
import os
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

from support.postgresql import OWNER
from support.waiting import WITHIN_S

SHIPPED = Path(__file__).parents[2] / "cloud" / "several_hosts"
NUMBERS = (1, 2, 3)


class PatroniCluster:
    """Hosts by their number. `folder` must be one that PostgreSQL's user can enter."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="patroni-"))
        # 127.0.0.0/8 is this machine's alone; another run has another net.
        self.net = f"127.{os.getpid() % 200 + 20}.{os.getpid() // 200 % 250}."
        self._running: dict[str, asyncio.subprocess.Process] = {}
        for number in NUMBERS:
            (self.folder / f"db{number}").mkdir()
        for path in (self.folder, *self.folder.iterdir()):
            if os.geteuid() == 0:
                shutil.chown(path, OWNER, OWNER)

    def address(self, number: int) -> str:
        """Return a host's address."""
        return f"{self.net}2{number}"

    def url(self, user: str, password: str, database: str) -> str:
        """Return the database's URL, with all hosts."""
        hosts = ",".join(f"{self.address(number)}:5432" for number in NUMBERS)
        return f"postgresql://{user}:{password}@{hosts}/{database}"

    async def start(self) -> None:
        """Start all; Patroni must find nothing wrong with our configuration before."""
        for number in NUMBERS:
            await self._begin(f"etcd{number}", "/usr/bin/etcd", self._options("etcd", number))
        await self._etcd_answers()
        for number in NUMBERS:
            assert await self.validate(number) == ""
            await self.start_patroni(number)
        await self.whole()

    async def _etcd_answers(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            for number in NUMBERS:
                while True:
                    try:
                        _, writer = await asyncio.open_connection(self.address(number), 2379)
                    except ConnectionError:
                        await asyncio.sleep(0.1)
                    else:
                        writer.close()
                        await writer.wait_closed()
                        break

    async def whole(self) -> None:
        """Return once there are a primary, a synchronous standby and another standby."""
        async with asyncio.timeout(180):
            while sorted((await self.roles()).values()) != ["Leader", "Replica", "Sync Standby"]:
                await asyncio.sleep(0.5)

    async def start_patroni(self, number: int) -> None:
        """Start Patroni of one host, and with it PostgreSQL."""
        config, env = self.config(number), self._options("patroni_env.conf", number)
        await self._begin(f"patroni{number}", "/usr/bin/patroni", env, str(config))

    def config(self, number: int) -> Path:
        """Return our configuration of Patroni, with the places of this host."""
        path = self.folder / f"db{number}.yml"
        path.write_text(self._placed(SHIPPED / "patroni.yml", number))
        path.chmod(0o644)
        return path

    async def validate(self, number: int) -> str:
        """Return what Patroni finds wrong with our configuration, on a host that does not run."""
        process = await asyncio.create_subprocess_exec(
            *(*_as_owner(), "/usr/bin/patroni", "--validate-config", str(self.config(number))),
            env={**_ENVIRONMENT, **self._options("patroni_env.conf", number)},
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return out.decode()

    async def roles(self) -> dict[int, str]:
        """Return what each running host is: "Leader", "Sync Standby", "Replica"."""
        text = await self.control("list", "--format", "json")
        with suppress(ValueError):
            return {
                int(one["Member"][-1]): one["Role"]
                for one in json.loads(text)
                if one["State"] in ("running", "streaming")
            }
        return {}

    async def control(self, *words: str) -> str:
        """Return what `patronictl` says."""
        process = await asyncio.create_subprocess_exec(
            *("/usr/bin/patronictl", "-c", str(self.folder / "db1.yml"), *words),
            env=_ENVIRONMENT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        return out.decode()

    async def leader(self, *, other_than: int | None = None) -> int:
        """Return the host of the primary, once there is one."""
        async with asyncio.timeout(120):
            while True:
                for number, role in (await self.roles()).items():
                    if role == "Leader" and number != other_than:
                        return number
                await asyncio.sleep(0.2)

    async def lose(self, number: int) -> None:
        """End a host's Patroni and PostgreSQL as a power cut does."""
        patroni = self._running.pop(f"patroni{number}")
        patroni.kill()
        main = int((self._data(number) / "postmaster.pid").read_text().split("\n")[0])
        os.kill(main, signal.SIGSTOP)  # it must not see its children die first
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for process in (main, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        await patroni.wait()

    async def remove(self) -> None:
        """End all, and delete what they had."""
        for name in sorted(self._running, reverse=True):  # Patroni before etcd
            process = self._running.pop(name)
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), WITHIN_S)
            except TimeoutError:
                process.kill()
                await process.wait()
        shutil.rmtree(self.folder)

    def _data(self, number: int) -> Path:
        return self.folder / f"db{number}" / "data"

    def _placed(self, file: Path, number: int) -> str:
        text = file.read_text()
        own = {
            "10.0.0.0/24": "127.0.0.0/8",
            "/var/lib/postgresql/likelight": str(self._data(number)),
            "/var/lib/postgresql/patroni.pgpass": str(self.folder / f"db{number}" / "pgpass"),
            "/var/run/postgresql": str(self.folder / f"db{number}"),
        }
        for ours, theirs in own.items():
            text = text.replace(ours, theirs)
        return text.replace("10.0.0.", self.net)

    def _options(self, name: str, number: int) -> dict[str, str]:
        """Return an environment file of ours, as host `number` has it."""
        lines = self._placed(SHIPPED / name, number).splitlines()
        options = dict(line.split("=", 1) for line in lines if line and line[0] != "#")
        for option, value in options.items():
            if "CLUSTER" not in option:
                value = value.replace("db1", f"db{number}")
                value = value.replace(self.address(1), self.address(number))
            options[option] = value
        return options

    async def _begin(self, name: str, program: str, env: dict[str, str], *words: str) -> None:
        if program.endswith("etcd"):
            env = {**env, "ETCD_DATA_DIR": str(self.folder / f"db{name[-1]}" / "etcd")}
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig=TERM", *_as_owner()[1:], program, *words),
                env={**_ENVIRONMENT, **env},
                cwd=self.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )


_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


def _as_owner() -> list[str]:
    if os.geteuid() != 0:
        return ["setpriv"]
    return ["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--init-groups"]
