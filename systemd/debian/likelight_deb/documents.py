"""What Debian wants beside a program, made from it: manual page, completion, bill of materials."""

import argparse
import gzip
import re
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

import shtab
from argparse_manpage.manpage import Manpage
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL


def manual(parser: argparse.ArgumentParser, summary: str, epoch: int) -> bytes:
    """Return the manual page of a command, compressed: what its --help and its commands' say."""
    page = Manpage(
        parser,
        {
            "description": summary,
            "format": "single-commands-section",
            "project_name": parser.prog,
            "manual_section": "1",
            "manual_title": "User commands",
            "date": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d"),
        },
    )
    return gzip.compress(str(page).encode(), 9, mtime=0)


def completion(parser: argparse.ArgumentParser) -> str:
    """Return what bash completes of a command."""
    return shtab.complete(parser, shell="bash")


def materials(name: str, version: str, pins: str, epoch: int) -> str:
    """Return a CycloneDX bill of materials: what `pins`, of a lock file, names with its hashes."""
    # A time or a random number of its own would make every build another one.
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"{name} {version}"))
    bom.metadata.timestamp = datetime.fromtimestamp(epoch, UTC)
    root = Component(
        name=name, version=version, type=ComponentType.APPLICATION, bom_ref=f"{name}@{version}"
    )
    bom.metadata.component = root
    for pin in re.finditer(r"(?m)^([A-Za-z0-9._-]+)==([^ ;\\]+)(.*(?:\n .*)*)", pins):
        library, number, rest = pin.groups()
        bom.components.add(
            Component(
                name=library,
                version=number,
                bom_ref=f"{library}@{number}",
                purl=PackageURL("pypi", name=library, version=number),
                hashes=[
                    HashType(alg=HashAlgorithm.SHA_256, content=found)
                    for found in re.findall(r"--hash=sha256:([0-9a-f]{64})", rest)
                ],
            )
        )
    bom.register_dependency(root, bom.components)
    return JsonV1Dot6(bom).output_as_string(indent=1)
