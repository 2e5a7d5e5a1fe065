"""`likelight-cloud`: serve the reference cloud, add kitchens to it, begin anew from a backup."""

import argparse
import asyncio
import logging
import os
import random
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from likelight import __version__
from likelight.assets.brand import with_brand
from likelight.assets.catalogue import CatalogueError
from likelight.assets.qr_sheet import LANGUAGES, write_sheet
from likelight.contract import KitchenId, KitchenName
from likelight.runtime.clock import utc_now
from likelight.runtime.store_errors import StoreError
from likelight.runtime.systemd import Systemd
from likelight.web.http.address import own_address
from likelight.web.http.proxies import TrustedProxies
from likelight.web.http.server import ListenError, listen
from likelight_cloud import arguments
from likelight_cloud.embedded import MountedCloud
from likelight_cloud.server import CloudServer
from likelight_cloud.store.base import Store, Use
from likelight_cloud.trust.ceilings import KitchenLimits
from likelight_cloud.trust.device import hashed, new_token

log = logging.getLogger(__name__)

USAGE_ERROR = 2


class CommandError(Exception):
    """What went wrong and what to do, in one line."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 after one clear line on what is wrong."""
    parser, words = _parser(), sys.argv[1:] if argv is None else argv
    if not words:
        parser.print_help(sys.stderr)
        return USAGE_ERROR
    options = parser.parse_args(words)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        asyncio.run(options.run(options))
    except (CommandError, StoreError) as error:
        print(f"likelight-cloud: {error}", file=sys.stderr)
        return USAGE_ERROR
    except (KeyboardInterrupt, asyncio.CancelledError):
        log.info("The cloud has stopped.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="likelight-cloud",
        description="The reference cloud of likelight: devices poll it, viewers open its page.",
    )
    parser.add_argument("--version", action="version", version=f"likelight-cloud {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    database = argparse.ArgumentParser(add_help=False)
    database.add_argument(
        "--database",
        type=arguments.database,
        default=os.environ.get("LIKELIGHT_DATABASE", "likelight-cloud.sqlite3"),
        metavar="URL",
        help="a SQLite file, made when missing, or postgresql://USER@HOST/NAME (default: what "
        "LIKELIGHT_DATABASE says, or likelight-cloud.sqlite3 in this directory)",
    )

    serve = commands.add_parser("serve", parents=[database], help="answer devices and viewers")
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
    serve.set_defaults(run=_serve)

    kitchen = commands.add_parser("kitchen", help="add kitchens")
    actions = kitchen.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser(
        "add", parents=[database], help="create a kitchen and print its device's token, once"
    )
    add.add_argument("kid", metavar="KID", help="short id in addresses: a-z, 0-9 and -")
    add.add_argument("name", metavar="NAME", help="the name that viewers read")
    add.set_defaults(run=_add_kitchen)
    qr = actions.add_parser(
        "qr",
        parents=[database],
        help="write a sheet with a QR code for a table, which opens the page for guests in the "
        "house: FILE.html prints on A4, FILE.svg is the code alone",
    )
    qr.add_argument("kid", metavar="KID", help="the kitchen's id")
    qr.add_argument("out", type=Path, metavar="FILE", help="a new file, .html or .svg")
    qr.add_argument(
        "--public-url",
        type=arguments.public_url,
        required=True,
        metavar="URL",
        help="the address that viewers open, such as https://kitchens.example.com",
    )
    qr.add_argument(
        "--language", choices=LANGUAGES, default="en", help="of the sheet (default: %(default)s)"
    )
    qr.set_defaults(run=_write_sheet)

    token = commands.add_parser("token", help="change a kitchen's token, also while it is served")
    actions = token.add_subparsers(required=True, metavar="ACTION")
    rotate = actions.add_parser(
        "rotate",
        parents=[database],
        help="print a new token, once; the one before ends when the device has used this one twice",
    )
    rotate.add_argument("kid", metavar="KID", help="the kitchen's id")
    rotate.set_defaults(run=_rotate_token)
    revoke = actions.add_parser(
        "revoke",
        parents=[database],
        help="end every token, its polls and uploads within 2 s, and print a new one, once",
    )
    revoke.add_argument("kid", metavar="KID", help="the kitchen's id")
    revoke.set_defaults(run=_revoke_token)

    restored = commands.add_parser(
        "restored",
        parents=[database],
        help="say that the database came back from a backup, before the cloud starts again",
    )
    restored.set_defaults(run=_begin_time_lines)
    return parser


async def _serve(options: argparse.Namespace) -> None:
    try:
        notes = await asyncio.to_thread(with_brand, options.catalogue)
    except CatalogueError as error:
        raise CommandError(f"--catalogue: {error}") from error
    cloud = MountedCloud(
        options.database.store(),
        now=utc_now,
        rng=random.Random(),
        notes=notes,
        limits=KitchenLimits(options.max_likes, options.max_notes),
        contact=options.contact,
    )
    async with AsyncExitStack() as stack:

        async def bound(host: str, port: int, flags: str) -> socket.socket:
            return stack.enter_context(await asyncio.to_thread(_listener, host, port, flags))

        public = await bound(options.host, options.port, "--host or --port")
        admin = await bound(options.admin_host, options.admin_port, "--admin-host or --admin-port")

        systemd = Systemd()

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
        )
        await _until_stopped(server.run(on_ready))


def _listener(host: str, port: int, flags: str) -> socket.socket:
    try:
        return listen(host, port)
    except ListenError as error:
        raise CommandError(f"{error}. Choose another with {flags}.") from error


async def _until_stopped(serving: Coroutine[None, None, None]) -> None:
    """Await `serving`, cancelled by a signal. Raises `CommandError` for a failing database."""
    me = asyncio.current_task()
    assert me is not None
    for stop in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(stop, me.cancel)
    failed: BaseExceptionGroup[StoreError] | None = None
    try:
        await serving
    except* StoreError as failures:
        failed = failures
    # Raised here, because Python before 3.11.4 (Debian 12 has 3.11.2) wraps what an except* raises.
    if failed is not None:
        raise CommandError(f"{failed.exceptions[0]}") from failed


async def _add_kitchen(options: argparse.Namespace) -> None:
    try:
        kid = TypeAdapter(KitchenId).validate_python(options.kid)
    except ValidationError as error:
        raise CommandError(
            f"{options.kid} cannot be a kitchen's id: up to 40 of a-z, 0-9 and -, for example "
            "store-17."
        ) from error
    try:
        name = TypeAdapter(KitchenName).validate_python(options.name)
    except ValidationError as error:
        raise CommandError(
            f"{options.name!r} cannot be a kitchen's name: viewers read it, in one line of 1 to 60 "
            "characters."
        ) from error
    store, token = options.database.store(), new_token()
    await store.open()
    try:
        if not await store.add_kitchen(kid, name, utc_now()):
            raise CommandError(f"the kitchen {kid} exists already. Choose another id.")
        await store.add_token(kid, hashed(token))
    finally:
        await store.close()
    print(f"The kitchen {kid} is ready. Its device's token, shown only now:\n{token}")


async def _write_sheet(options: argparse.Namespace) -> None:
    store = await _existing(options)
    try:
        kitchen = await store.kitchen(options.kid)
    finally:
        await store.close()
    if kitchen is None:
        raise CommandError(f"there is no kitchen {options.kid} in {options.database}.")
    url = str(options.public_url / "k" / kitchen.kid / "here")
    try:
        await asyncio.to_thread(write_sheet, options.out, url, kitchen.name, options.language)
    except (ValueError, OSError) as error:
        raise CommandError(str(error)) from error
    print(f"{options.out} opens {url}")


async def _rotate_token(options: argparse.Namespace) -> None:
    token = await _with_new_token(options, lambda store: store.add_token)
    print(
        f"A new token for the device of {options.kid}, shown only now. The one before ends once "
        f"the device has used this one twice.\n{token}"
    )


async def _revoke_token(options: argparse.Namespace) -> None:
    token = await _with_new_token(options, lambda store: store.revoke_tokens)
    print(
        f"No token of {options.kid} from before is valid any more. A new one for its device, shown "
        f"only now:\n{token}"
    )


async def _with_new_token(
    options: argparse.Namespace, change: Callable[[Store], Callable[[str, bytes], Awaitable[None]]]
) -> str:
    """Return a new token of the kitchen, after what `change` gives has stored its hash."""
    store, token = await _existing(options), new_token()
    try:
        await change(store)(options.kid, hashed(token))
    except KeyError as error:
        raise CommandError(f"there is no kitchen {options.kid} in {options.database}.") from error
    finally:
        await store.close()
    return token


async def _existing(options: argparse.Namespace) -> Store:
    """Return the opened store in `--database`; a file must be there."""
    if await asyncio.to_thread(options.database.is_missing):
        raise CommandError(f"there is no database {options.database}. Name it with --database.")
    store: Store = options.database.store()
    await store.open()
    return store


async def _begin_time_lines(options: argparse.Namespace) -> None:
    """Draw new epochs, so that no device takes old numbers for new likes and notes."""
    if await asyncio.to_thread(options.database.is_missing):
        raise CommandError(f"there is no database {options.database}. Put the backup back first.")
    store = options.database.store()
    await store.open(Use.ALONE)
    try:
        kitchens = await store.begin_time_lines()
    finally:
        await store.close()
    print(
        f"Kitchens that begin a new time line: {kitchens}. Their likes go on from the backup's "
        "totals, and notes that their devices never had are sent again. Start the cloud now."
    )


if __name__ == "__main__":
    sys.exit(main())
