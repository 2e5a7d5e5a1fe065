"""A media server that others wrote: Debian's nginx with its RTMP module, and TLS in front of it."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import av
import pytest

from support.certificates import Authority
from support.demo import free_port
from support.nginx import NGINX
from support.waiting import WITHIN_S

MODULES = Path("/usr/lib/nginx/modules")

needs_nginx = pytest.mark.skipif(
    not Path(NGINX).exists()
    or not (MODULES / "ngx_rtmp_module.so").exists()
    or not (MODULES / "ngx_stream_module.so").exists()
    or shutil.which("openssl") is None,
    reason="needs nginx-light, libnginx-mod-rtmp, libnginx-mod-stream and openssl",
)

KEY = "very-secret-key"
"""The stream key that no log and no status may show."""


@dataclass
class MediaServer:
    """An nginx that takes RTMP on `port`, and RTMPS on `tls_port` when it has a certificate."""

    folder: Path
    authority: Authority | None = None
    tls_for: int | None = None
    """The port with TLS in front of it; None for `port`."""
    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)
    lines: list[str] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        while self.tls_port == self.port:
            self.tls_port = free_port()

    @property
    def url(self) -> str:
        return f"rtmp://127.0.0.1:{self.port}/live/{KEY}"

    @property
    def tls_url(self) -> str:
        return f"rtmps://localhost:{self.tls_port}/live/{KEY}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve for the length of the block; killed at its end."""
        config = self.folder / "nginx.conf"
        config.write_text(self._config())
        process = await asyncio.create_subprocess_exec(
            *(NGINX, "-p", str(self.folder), "-c", str(config), "-e", "stderr"),
            stderr=asyncio.subprocess.PIPE,
        )
        began = len(self.lines)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(process.stderr))
            try:
                await self.says("event method", since=began)
                yield
            finally:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    async def says(self, words: str, *, since: int = 0) -> None:
        """Wait until a line of its log, the `since`th or later, matches `words`."""
        try:
            async with asyncio.timeout(WITHIN_S):
                while not any(re.search(words, line) for line in self.lines[since:]):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            said = "".join(self.lines[since:])
            raise AssertionError(f"nginx has not said {words!r}, but:\n{said}") from None

    async def _read(self, stream: asyncio.StreamReader | None) -> None:
        assert stream is not None
        async for line in stream:
            self.lines.append(line.decode())
            self._changed.set()

    def _config(self) -> str:
        tls = ""
        if self.authority is not None:
            tls = (
                f"stream {{ server {{ listen 127.0.0.1:{self.tls_port} ssl;"
                f" ssl_certificate {self.authority.certificate};"
                f" ssl_certificate_key {self.authority.key};"
                f" proxy_pass 127.0.0.1:{self.tls_for or self.port}; }} }}"
            )
        return (
            f"load_module {MODULES}/ngx_rtmp_module.so;\n"
            f"load_module {MODULES}/ngx_stream_module.so;\n"
            f"daemon off; master_process off; pid {self.folder}/nginx.pid;\n"
            "error_log stderr info; events { worker_connections 64; }\n"
            # Its access log would go where only root may write.
            f"rtmp {{ access_log off; server {{ listen 127.0.0.1:{self.port};"
            " application live { live on; record off; } } }\n"
            f"{tls}\n"
        )


async def watch(url: str, frames: int, **options: str) -> list[av.VideoFrame]:
    """Play `url` as a viewer of the media server does; return its first `frames` frames."""
    return await asyncio.to_thread(_watch, url, frames, options)


def _watch(url: str, frames: int, options: dict[str, str]) -> list[av.VideoFrame]:
    # There is no sound to be looked for.
    options |= {"analyzeduration": "100000"}
    seen: list[av.VideoFrame] = []
    with av.open(url, options=options, timeout=15) as container:
        for frame in container.decode(video=0):
            seen.append(frame)
            if len(seen) == frames:
                return seen
    raise AssertionError(f"the stream ended after {len(seen)} frames")
