"""Certificates of an authority of one's own, made by openssl, good ones and wrong ones."""

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_CA_CONFIG = """
[ca]
default_ca = own
[own]
new_certs_dir = .
database = index.txt
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
"""
GOOD_USAGE = "-addext keyUsage=critical,keyCertSign,cRLSign"


@dataclass(frozen=True)
class Authority:
    """A self-made CA, and a server's certificate that it signed."""

    ca_file: Path
    certificate: Path
    key: Path


def make_authority(
    folder: Path,
    names: str,
    usage: str = GOOD_USAGE,
    valid_from: timedelta = timedelta(-1),
    valid_to: timedelta = timedelta(1),
) -> Authority:
    """Make a CA in `folder`, and a certificate for `names`, such as "DNS:localhost,IP:127.0.0.1".

    The certificate is valid from and to so long after now.
    """
    folder.mkdir()
    made = Authority(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    now = datetime.now(UTC)
    start, end = (f"{now + after:%Y%m%d%H%M%SZ}" for after in (valid_from, valid_to))
    (folder / "ca.cnf").write_text(_CA_CONFIG)
    (folder / "index.txt").touch()
    (folder / "names").write_text(f"subjectAltName={names}\nauthorityKeyIdentifier=keyid\n")
    fresh = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    for command in (
        f"req -x509 {fresh} -subj /CN=own-authority -days 2 {usage} -keyout ca.key -out ca.pem",
        f"req {fresh} -subj /CN=server -keyout server.key -out server.csr",
        "ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in server.csr"
        f" -startdate {start} -enddate {end} -extfile names -out server.pem",
    ):
        subprocess.run(["openssl", *command.split()], check=True, capture_output=True, cwd=folder)
    return made
