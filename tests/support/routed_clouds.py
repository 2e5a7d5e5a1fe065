"""Two clouds on one database, behind Debian's nginx with our file for several hosts."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from likelight_cloud.cli.main import main
from likelight_cloud.store.choice import database_of
from likelight_cloud.trust.device import hashed
from support.cloud import NOON, TOKEN
from support.cloud_process import CloudProcess, serve
from support.cloud_stores import opened
from support.demo import free_port
from support.nginx import nginx
from support.shipped_proxies import shipped
from support.waiting import WITHIN_S

PLACES = ("10.0.0.11:8090", "10.0.0.12:8090")
"""The clouds' addresses in our file."""


KITCHENS = 40
EACH = 3
"""Which cloud a kitchen has, its hash decides: of 40 each of two has more than these."""


class RoutedClouds:
    """Clouds by their port. `url` is nginx's address, `kitchens` are those of the database."""

    def __init__(self, database: str, kitchens: tuple[str, ...]) -> None:
        self.kitchens = kitchens
        self.ports = (free_port(), free_port())
        self.url = ""
        self._database = database
        self._clouds: dict[int, CloudProcess] = {}

    async def start(self, port: int) -> None:
        """Start the cloud of this port."""
        self._clouds[port] = await serve(self._database, port, "--trusted-proxy", "127.0.0.1")

    async def kill(self, port: int) -> None:
        """kill -9."""
        await self._clouds.pop(port).kill()

    async def remove(self) -> None:
        """End all that is still there."""
        for port in tuple(self._clouds):
            await self.kill(port)

    async def served_by(self, session: aiohttp.ClientSession) -> Mapping[int, list[str]]:
        """Return `EACH` kitchens or more of each port, while nobody else asks."""
        found: dict[int, list[str]] = {port: [] for port in self._clouds}
        for kid in self.kitchens:
            if all(len(kids) >= EACH for kids in found.values()):
                break
            before = await self.requests(session)
            async with session.get(f"{self.url}/v1/kitchens/{kid}") as reply:
                assert reply.status == 200
            after = await self.requests(session)
            for port, count in after.items():
                if count > before[port]:
                    found[port].append(kid)
        return found

    async def returned(self, session: aiohttp.ClientSession, port: int) -> None:
        """Return once nginx asks the cloud of `port` again, which was started anew."""
        async with asyncio.timeout(WITHIN_S):
            while not (await self.requests(session))[port]:
                await asyncio.sleep(0.2)

    async def requests(self, session: aiohttp.ClientSession) -> Mapping[int, int]:
        """Return how many requests each port has answered."""
        counts = {}
        for port, cloud in self._clouds.items():
            async with session.get(f"{cloud.admin}/metrics") as reply:
                lines = (await reply.text()).splitlines()
            told = [line for line in lines if line.startswith("likelight_cloud_requests_total{")]
            counts[port] = sum(int(float(line.rpartition(" ")[2])) for line in told)
        return counts


@asynccontextmanager
async def routed_clouds(
    folder: Path, database: str, away_s: int = 10
) -> AsyncIterator[RoutedClouds]:
    """Serve new kitchens; nginx asks a cloud that was away again after `away_s` seconds."""
    assert await asyncio.to_thread(main, ["init", "--database", database]) == 0
    names = tuple(f"kitchen-{number}" for number in range(KITCHENS))
    async with opened(lambda: database_of(database).store()) as store:
        for kid in names:
            await store.add_kitchen(kid, "The demo kitchen", NOON)
            await store.add_token(kid, hashed(TOKEN), NOON)
    clouds = RoutedClouds(database, names)
    try:
        await asyncio.gather(*map(clouds.start, clouds.ports))
        async with nginx(folder, "", several_hosts(clouds.ports, away_s)) as url:
            clouds.url = url
            yield clouds
    finally:
        await clouds.remove()


def several_hosts(ports: tuple[int, int], away_s: int) -> str:
    """Return our file for clouds at these ports of this machine."""
    text = shipped("nginx/several_hosts.conf", {"listen 80 ": "listen 127.0.0.1:PORT "})
    for place, port in zip(PLACES, ports, strict=True):
        assert place in text
        text = text.replace(place, f"127.0.0.1:{port}")
    return text.replace("fail_timeout=10s", f"fail_timeout={away_s}s")
