"""The files that put a cloud on a server: units, environment file and proxy file, for one domain.

They are those of `systemd/` and `cloud/nginx/`, which a wheel has in `likelight_cloud/deployment/`.
"""

import shlex
import sys
from pathlib import Path
from typing import Final

from likelight_cloud.cli.errors import CommandError
from likelight_cloud.store.choice import Database

STATE: Final = Path("/var/lib/likelight-cloud")
"""Where the unit may write."""

_PROGRAM: Final = "/opt/likelight-cloud/bin/likelight-cloud"
_UNITS: Final = (
    "likelight-cloud.service",
    "likelight-cloud.socket",
    "likelight-cloud-backup.service",
    "likelight-cloud-backup.timer",
)
_SYSUSERS: Final = "likelight-cloud.sysusers"
_PROXY: Final = "likelight.conf"
_INSTALLED: Final = Path(__file__).parents[1] / "deployment"
_CHECKOUT: Final = Path(__file__).parents[3]


def shipped(name: str) -> str:
    """Return one of the files as it is in the package, or in a checkout."""
    inside = _INSTALLED / name
    folder = _CHECKOUT / ("cloud/nginx" if name == _PROXY else "systemd")
    return (inside if inside.exists() else folder / name).read_text(encoding="utf-8")


def write_deployment(folder: Path, database: Database, domain: str) -> str:
    """Write the files into the new `folder`; return the commands that put them in place.

    Raises `CommandError` where the folder is there already or can't be made.
    """
    program = str(Path(sys.executable).with_name("likelight-cloud"))
    texts = {name: shipped(name).replace(_PROGRAM, program) for name in (*_UNITS, _SYSUSERS)}
    texts["options"] = _options(database, domain)
    texts[_PROXY] = shipped(_PROXY).replace("server_name _;", f"server_name {domain};")
    try:
        folder.mkdir(mode=0o700)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except FileExistsError as error:
        raise CommandError(
            f"{folder} is there already; name a new folder with --folder."
        ) from error
    except OSError as error:
        raise CommandError(f"can't write {folder}: {error.strerror}.") from error
    return _commands(folder.absolute(), database, domain)


def _options(database: Database, domain: str) -> str:
    options = f"--public-url https://{domain} --trusted-proxy 127.0.0.1"
    place = database.place
    url = str(STATE / place.name) if isinstance(place, Path) else place.url
    # systemd.exec(5): within double quotes a backslash takes the meaning from what follows.
    url = url.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'OPTIONS="{options}"\nLIKELIGHT_DATABASE="{url}"\n'


def _commands(folder: Path, database: Database, domain: str) -> str:
    at = shlex.quote(str(folder))
    return "\n".join(
        (
            f"install -m 644 {at}/{_SYSUSERS} /usr/lib/sysusers.d/likelight-cloud.conf",
            "systemd-sysusers",
            f"install -D -m 600 {at}/options /etc/likelight-cloud/options",
            *_moved(database),
            *(f"install -m 644 {at}/{unit} /etc/systemd/system/" for unit in _UNITS),
            "systemctl daemon-reload",
            "systemctl enable --now likelight-cloud.socket likelight-cloud.service "
            "likelight-cloud-backup.timer",
            f"install -m 644 {at}/{_PROXY} /etc/nginx/conf.d/likelight.conf",
            "nginx -t && systemctl reload nginx",
            f"certbot --nginx -d {domain}",
            # Certbot's own listen has no such limit, and nginx would hold pictures past PRIVACY.
            f"sed -i 's/listen 443 ssl;/listen 443 ssl sndbuf=32k;/' /etc/nginx/conf.d/{_PROXY}",
            "nginx -t && systemctl reload nginx",
        )
    )


def _moved(database: Database) -> tuple[str, ...]:
    """Return what brings a SQLite file to where the units look for it, and may write."""
    if not isinstance(database.place, Path):
        return ()
    made, there = database.place.absolute(), STATE / database.place.name
    move = () if made == there else (f"mv -n {shlex.quote(str(made))} {STATE}/",)
    return (
        f"install -d -o likelight-cloud -g likelight-cloud -m 700 {STATE}",
        *move,
        f"chown likelight-cloud: {shlex.quote(str(there))}",
    )
