"""The pages for a managed PostgreSQL and for several hosts run as they are written, and what the
page for one VM does by hand. In the long run only: each takes 10 s on a busy machine.
"""

import re
from pathlib import Path

from support.played_server import (
    DATABASE,
    FOLLOWED,
    NOTED,
    SERVED,
    WELL,
    blocks,
    needs_root,
    run,
    written,
)

pytestmark = needs_root


def test_the_page_for_one_vm_by_hand(tmp_path: Path) -> None:
    by_hand = blocks("ONE_VM.md")[2]
    assert re.search(r"^[\w-]{43}$", run(tmp_path / "by hand", written(by_hand)), re.M)


def test_the_page_for_a_managed_postgresql(tmp_path: Path) -> None:
    (install,) = blocks("MANAGED_POSTGRESQL.md")
    install = install.replace("PASSWORD", "hush").replace("HOST", "localhost")
    told = run(tmp_path / "whole", DATABASE, written(install).rstrip() + FOLLOWED, SERVED, NOTED)
    assert WELL in told


def test_the_page_for_several_hosts(tmp_path: Path) -> None:
    database, start, make, cloud, begin, proxy = blocks("SEVERAL_HOSTS.md")
    assert "\nN=1\n" in database
    told = run(
        tmp_path / "whole",
        "for host in 11 21 22; do ip address add 10.0.0.$host/24 dev lo; done\n",
        DATABASE,
        written(database.replace("\nN=1\n", "\nN=2\n")),
        written(start, make),
        "cat /etc/default/etcd /etc/patroni_env.conf\ncd CHECKOUT\n",
        written(cloud),
        "sed -i s/CHANGE-ME-4/hush/ /etc/likelight-cloud/options\n",
        written(begin, proxy),
        SERVED,
        NOTED,
    )
    assert WELL in told
    for line in (
        "ETCD_NAME=db2",
        "ETCD_LISTEN_PEER_URLS=http://10.0.0.22:2380",
        "PATRONI_NAME=db2",
        "PATRONI_POSTGRESQL_LISTEN=10.0.0.22:5432",
        "patroni --validate-config /etc/patroni/config.yml",
        "createdb --owner likelight likelight",
        "systemctl enable --now likelight-cloud.service",
    ):
        assert line in told.splitlines()
    cluster = "db1=http://10.0.0.21:2380,db2=http://10.0.0.22:2380,db3=http://10.0.0.23:2380"
    assert f"ETCD_INITIAL_CLUSTER={cluster}" in told.splitlines()
