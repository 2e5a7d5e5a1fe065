"""Debian's nginx, Caddy and Varnish in front of a cloud, with the files that we ship."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.demo import free_port
from support.nginx import NGINX, listens, nginx
from support.varnish import VARNISHD, edge

CLOUD = Path(__file__).parents[2] / "cloud"
CADDY = shutil.which("caddy")

needs_proxies = pytest.mark.skipif(
    not (Path(NGINX).exists() and CADDY and VARNISHD.exists()),
    reason="needs Debian's nginx-light, caddy and varnish",
)

Proxy = Callable[[Path, str], AbstractAsyncContextManager[str]]


def shipped(name: str, replaced: dict[str, str]) -> str:
    """Return one of our files, with what each site has to change in it."""
    text = (CLOUD / name).read_text()
    for ours, theirs in replaced.items():
        assert text.count(ours) == 1, (name, ours)
        text = text.replace(ours, theirs)
    return text


def behind_nginx(folder: Path, origin: str) -> AbstractAsyncContextManager[str]:
    """Run nginx with our file before `origin`; its address."""
    replaced = {"127.0.0.1:8090": urlsplit(origin).netloc, "listen 80 ": "listen 127.0.0.1:PORT "}
    return nginx(folder, origin, shipped("nginx/likelight.conf", replaced))


@asynccontextmanager
async def behind_caddy(folder: Path, origin: str) -> AsyncIterator[str]:
    """Run Caddy with our file before `origin`; its address."""
    port = free_port()
    replaced = {
        "127.0.0.1:8090": urlsplit(origin).netloc,
        "\n:80 {": f"\nhttp://127.0.0.1:{port} {{",
        "\tservers {": "\tadmin off\n\tservers {",
    }
    config = folder / "Caddyfile"
    config.write_text(shipped("caddy/Caddyfile", replaced))
    assert CADDY is not None
    with (folder / "caddy.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(CADDY, "run", "--adapter", "caddyfile", "--config", str(config)),
            env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)},
            stderr=log,
        )
    try:
        await listens(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@asynccontextmanager
async def behind_varnish(folder: Path, origin: str) -> AsyncIterator[str]:
    """Run Varnish with our VCL before `origin`; its address."""
    async with edge(origin, folder) as varnish:
        yield varnish.url


PROXIES: dict[str, Proxy] = {
    "nginx": behind_nginx,
    "caddy": behind_caddy,
    "varnish": behind_varnish,
}
