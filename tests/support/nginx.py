"""Debian's nginx in front of a server, as any user may run it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from support.demo import free_port
from support.waiting import WITHIN_S

# Debian puts it where an ordinary user's PATH does not lead.
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

needs_nginx = pytest.mark.skipif(not Path(NGINX).exists(), reason="needs Debian's nginx-light")

DEFAULTS = """server {
    listen 127.0.0.1:PORT;
    location / {
        proxy_pass ORIGIN;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
    }
}
"""
"""What one writes first: everything that is not needed for a WebSocket is nginx's own default."""


@asynccontextmanager
async def nginx(folder: Path, origin: str, http: str = DEFAULTS) -> AsyncIterator[str]:
    """Run nginx with `http` in its http block; return its address.

    In `http`, ORIGIN stands for the server behind it, and PORT for the port that it listens on.
    """
    port = free_port()
    where = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr info;\n"
        "events { worker_connections 256; }\n"
        f"http {{ access_log off;\n{where}"
        f"{http.replace('ORIGIN', origin).replace('PORT', str(port))} }}\n"
    )
    log = folder / "nginx.log"
    with log.open("wb") as lines:
        process = await asyncio.create_subprocess_exec(
            *(NGINX, "-p", str(folder), "-c", str(config), "-e", "stderr"), stderr=lines
        )
    try:
        await listens(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def listens(port: int, process: asyncio.subprocess.Process) -> None:
    """Return once `process` takes connections on `port`."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            assert process.returncode is None, "it did not start"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
