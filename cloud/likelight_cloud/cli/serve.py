"""`likelight-cloud serve`: answer devices and viewers."""

import argparse
import asyncio
import logging
import random
import signal
import socket
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path

from likelight.assets.brand import with_brand
from likelight.assets.catalogue import CatalogueError
from likelight.runtime.clock import utc_now
from likelight.runtime.store_errors import StoreError
from likelight.runtime.systemd import Systemd, inherited_sockets
from likelight.web.http.address import own_address
from likelight.web.http.proxies import TrustedProxies
from likelight.web.http.public_site import PublicSite
from likelight.web.http.server import ListenError, listen
from likelight_cloud.cli import arguments
from likelight_cloud.cli.database import Commands, action, existing
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.cli.webhook import webhook_allow_option
from likelight_cloud.embedded import MountedCloud
from likelight_cloud.server import CloudServer
from likelight_cloud.trust.ceilings import KitchenLimits

log = logging.getLogger(__name__)


def add_serve(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud serve`."""
    serve = action(commands, "serve", database, _serve, "answer devices and viewers")
    _address_options(serve)
    serve.add_argument(
        "--max-likes",
        type=arguments.ceiling,
        default=1000,
        metavar="N",
        help="likes a second that a kitchen takes of all viewers together, five times as many at "
        "once (default: %(default)s)",
    )
    serve.add_argument(
        "--max-notes",
        type=arguments.ceiling,
        default=20,
        metavar="N",
        help="notes a minute, three times as many at once (default: %(default)s)",
    )
    serve.add_argument(
        "--catalogue",
        type=Path,
        metavar="FOLDER",
        help="a brand's own notes: the same folder as the kitchens' kitchen.catalogue",
    )
    serve.add_argument(
        "--contact",
        type=arguments.contact,
        metavar="URI",
        help="who answers questions about privacy and faults, such as mailto:it@example.com: named "
        "on /privacy and in /.well-known/security.txt",
    )
    serve.add_argument(
        "--embed-origin",
        type=arguments.embed_origin,
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a site whose pages may have /embed/KID and /wall in a frame, such as "
        "https://www.example.com; may be repeated",
    )
    serve.add_argument(
        "--list-kitchens",
        action="store_true",
        help="name all kitchens on the start page, for everybody; without it only those who have "
        "a kitchen's address find it",
    )
    webhook_allow_option(serve)
    serve.add_argument(
        "--log",
        choices=("text", "json"),
        default="text",
        help="how each line of the log is written (default: %(default)s; in the journal with its "
        "priority); neither has an address of a viewer, or a token",
    )


def _address_options(serve: argparse.ArgumentParser) -> None:
    """Add where the cloud listens, and what stands in front of it."""
    serve.add_argument("--host", default="127.0.0.1", help="address to bind (default: %(default)s)")
    serve.add_argument(
        "--port", type=int, default=8090, help="port to bind, 0 for any (default: %(default)s)"
    )
    serve.add_argument(
        "--admin-host",
        default="127.0.0.1",
        help="address to bind for /readyz and /metrics (default: %(default)s)",
    )
    serve.add_argument(
        "--admin-port",
        type=int,
        default=8091,
        help="port to bind for /readyz and /metrics, 0 for any (default: %(default)s)",
    )
    serve.add_argument(
        "--public-url",
        type=arguments.public_url,
        metavar="URL",
        help="the address that viewers open, such as https://kitchens.example.com, when a proxy "
        "with TLS stands in front of the cloud",
    )
    serve.add_argument(
        "--trusted-proxy",
        type=arguments.proxy,
        action="append",
        default=[],
        metavar="CIDR",
        help="a proxy, or a range of them, whose X-Forwarded-For says who asks; may be repeated",
    )
    serve.add_argument(
        "--operator-header",
        type=arguments.header_name,
        metavar="NAME",
        help="a header, such as Remote-User, in which a --trusted-proxy names the operator who has "
        "logged in there; the proxy must set or remove it in every request",
    )


async def _serve(options: argparse.Namespace) -> None:
    if options.operator_header and not options.trusted_proxy:
        raise CommandError(
            "--operator-header needs --trusted-proxy: anybody can send a header, so it counts from "
            "a listed proxy only."
        )
    cloud = await _cloud(options)
    async with AsyncExitStack() as stack:

        async def bound(host: str, port: int, flags: str) -> socket.socket:
            return stack.enter_context(await asyncio.to_thread(_listener, host, port, flags))

        passed = inherited_sockets().get("public")
        if passed is None:
            public = await bound(options.host, options.port, "--host or --port")
        else:
            public = stack.enter_context(passed)
        admin = await bound(options.admin_host, options.admin_port, "--admin-host or --admin-port")

        systemd = Systemd()
        stopping = asyncio.Event()
        task = asyncio.current_task()
        assert task is not None

        def stop() -> None:
            """Answer what was asked, then end; asked twice, or before it serves, end at once."""
            if stopping.is_set() or not cloud.ready.is_set():
                task.cancel()
            stopping.set()
            systemd.stopping()

        def on_ready() -> None:
            systemd.ready(f"serving {own_address(public)}")
            log.info(
                "The cloud answers at %s, and administrators at %s/readyz and %s/metrics",
                own_address(public),
                own_address(admin),
                own_address(admin),
            )

        server = CloudServer(
            cloud,
            public,
            admin,
            public_url=options.public_url,
            proxies=TrustedProxies(options.trusted_proxy),
            lists_kitchens=options.list_kitchens,
            operator_header=options.operator_header,
            webhook_allow=options.webhook_allow,
        )
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(signal_number, stop)
        try:
            await _failing_in_words(server.run(on_ready, stopping))
        except asyncio.CancelledError:
            if not stopping.is_set():
                raise
            task.uncancel()
    log.info("The cloud has stopped.")


async def _cloud(options: argparse.Namespace) -> MountedCloud:
    try:
        notes = await asyncio.to_thread(with_brand, options.catalogue)
    except CatalogueError as error:
        raise CommandError(f"--catalogue: {error}") from error
    return MountedCloud(
        await existing(options),
        now=utc_now,
        rng=random.Random(),
        notes=notes,
        limits=KitchenLimits(options.max_likes, options.max_notes),
        site=PublicSite(
            options.contact,
            (str(options.public_url),) if options.public_url else (),
            tuple(options.embed_origin),
        ),
    )


def _listener(host: str, port: int, flags: str) -> socket.socket:
    try:
        return listen(host, port)
    except ListenError as error:
        raise CommandError(f"{error}. Choose another with {flags}.") from error


async def _failing_in_words(serving: Coroutine[None, None, None]) -> None:
    """Await `serving`. Raises `CommandError` for a failing database."""
    failed: BaseExceptionGroup[StoreError] | None = None
    try:
        await serving
    except* StoreError as failures:
        failed = failures
    # Raised here, because Python before 3.11.4 (Debian 12 has 3.11.2) wraps what an except* raises.
    if failed is not None:
        raise CommandError(f"{failed.exceptions[0]}") from failed
