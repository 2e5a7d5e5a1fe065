"""The commands of a page run as root, as they are written, on a copy of this machine.

They have a file system over this machine's and a network of their own. What has to be elsewhere is
played, and noted: packages and certificates come from the internet, and services need systemd as
the first process. What installs the cloud itself is test_cloud_install's.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.nginx import NGINX
from support.postgresql import programs

PROJECT = Path(__file__).parents[2]
CLOUD = PROJECT / "cloud"
PLAYED = {"apt", "certbot", "systemctl", "patroni", "patronictl", "createuser", "createdb"}
"""Patroni is tried as a whole in the long run; the test makes the databases."""
INSTALLS = re.compile(r"python3 -m venv |/opt/likelight-cloud/bin/pip ")

DATABASE = """
mkdir -p /etc/likelight-cloud /etc/patroni
install -d -o postgres /db
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost \\
  -addext subjectAltName=DNS:localhost -addext keyUsage=critical,keyCertSign,digitalSignature \\
  -keyout /db/key.pem -out /etc/likelight-cloud/provider.pem 2>/dev/null
chown postgres /db/key.pem
as_owner() { (cd /db && runuser -u postgres -- "$@"); }
as_owner PROGRAMS/initdb -D /db/data --auth=scram-sha-256 --auth-local=trust --no-sync >/dev/null
echo "host all all 10.0.0.0/24 scram-sha-256" >>/db/data/pg_hba.conf
as_owner PROGRAMS/pg_ctl -D /db/data -w -l /db/log start -o "-c fsync=off -c listen_addresses=* \\
  -c unix_socket_directories=/db -c ssl=on -c ssl_key_file=/db/key.pem \\
  -c ssl_cert_file=/etc/likelight-cloud/provider.pem" >/dev/null
as_owner psql -q -h /db -c "CREATE ROLE likelight LOGIN PASSWORD 'hush'"
as_owner psql -q -h /db -c "CREATE DATABASE likelight OWNER likelight"
"""

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not (Path(NGINX).exists() and shutil.which("unshare")),
    reason="only root can mount; needs Debian's nginx-light and util-linux",
)

ENTER = """
set -euo pipefail
mount -t tmpfs tmpfs "$PLACE"
mkdir "$PLACE/upper" "$PLACE/work" "$PLACE/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$PLACE/upper,workdir=$PLACE/work" "$PLACE/root"
mount -t proc proc "$PLACE/root/proc"
mount --rbind /dev "$PLACE/root/dev"
ip link set lo up
exec chroot "$PLACE/root" bash -euo pipefail "$PLACE_IN_IT"
"""

PLAY = """
cd CHECKOUT
mkdir /played /run/postgresql -p
for program in PLAYED; do
  printf '#!/bin/sh\\necho "$(basename "$0") $*" >>/played.log\\n' >/played/$program
done
cat >>/played/certbot <<'END'
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=test -keyout /key.pem -out /cert.pem 2>/dev/null
more='listen 443 ssl;\\n ssl_certificate \\/cert.pem; ssl_certificate_key \\/key.pem;'
sed -i "s/listen 80 sndbuf=32k;/&\\n $more/" /etc/nginx/conf.d/likelight.conf
END
chmod +x /played/*
install -m 666 /dev/null /played.log
export PATH=/played:$PATH
rm -rf /etc/nginx/conf.d/* /opt/likelight-cloud /var/lib/likelight-cloud
ln -s CHECKOUT/.venv /opt/likelight-cloud
# The cloud's own user has to read this checkout and its Python, wherever they are.
for folder in CHECKOUT "$(realpath CHECKOUT/.venv/bin/python)"; do
  while [ "$folder" != / ]; do folder=$(dirname "$folder"); chmod a+x "$folder"; done
done
"""

SERVED = """
install -d -o likelight-cloud -m 700 /var/lib/likelight-cloud  # StateDirectory= of the unit
set -a; . /etc/likelight-cloud/options; set +a
start=$(sed -n 's/^ExecStart=//p' /etc/systemd/system/likelight-cloud.service)
cd /var/lib/likelight-cloud
nginx
exec_as="setpriv --reuid=likelight-cloud --regid=likelight-cloud --init-groups"
$exec_as $(eval echo "$start") 2>/played/serve.log &
for try in $(seq 300); do
  if grep -q 'answers at' /played/serve.log; then break; fi
  sleep 0.1
done
python3 - <<'END'
import ssl, urllib.request
trust = ssl._create_unverified_context()
for url in ("http://127.0.0.1", "https://127.0.0.1"):
    asked = urllib.request.Request(url + "/healthz", headers={"Host": "kitchens.example.com"})
    print(url, urllib.request.urlopen(asked, timeout=100, context=trust).read().decode())
END
kill %1
wait %1 || true
nginx -s stop
"""


def blocks(page: str) -> list[str]:
    """Return the page's commands, each block of them."""
    return re.findall(r"^```sh\n(.*?)^```$", (CLOUD / page).read_text(), re.M | re.S)


def written(*blocks: str) -> str:
    """Return the commands as they are written, without those that fetch packages."""
    lines = "".join(blocks).splitlines(keepends=True)
    return "".join(line for line in lines if not INSTALLS.match(line)).rstrip() + "\n"


def run(folder: Path, *parts: str) -> str:
    """Run `parts` in a system of their own; return what they print."""
    script = "".join((PLAY, *parts))
    meant = {
        "CHECKOUT": str(PROJECT),
        "PLAYED": " ".join(sorted(PLAYED)),
        "PROGRAMS": str(programs()),
    }
    for word, place in meant.items():
        script = script.replace(word, place)
    system = folder / "system"
    system.mkdir(parents=True)
    (folder / "script").write_text(script)
    done = subprocess.run(
        ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "bash", "-c", ENTER],
        env={
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "PLACE": str(system),
            "PLACE_IN_IT": str(folder / "script"),
            "HOME": "/root",
        },
        capture_output=True,
        text=True,
        timeout=240,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


FOLLOWED = " | tee /played/told\nsed 1d /played/told >/played/rest\n. /played/rest\n"
"""The last command prints those that follow it."""
NOTED = "cat /played.log\n"
WELL = 'http://127.0.0.1 {"well": true}\nhttps://127.0.0.1 {"well": true}\n'
