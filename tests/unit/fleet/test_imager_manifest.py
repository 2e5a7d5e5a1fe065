"""The manifest for Raspberry Pi Imager, against the fields that its schema requires."""

import hashlib
import json
import lzma
from pathlib import Path

import jsonschema_rs
import pytest

from likelight.cli.exits import Exit
from likelight.cli.main import main
from support.cards import END, make_image

URL = "https://images.example/likelight.img.xz"
WORD = {"type": "string"}
NUMBER = {"type": "integer", "minimum": 1}
SUM = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
REQUIRED = {
    "name": WORD,
    "description": WORD,
    "icon": WORD,
    "url": WORD,
    "extract_size": NUMBER,
    "extract_sha256": SUM,
    "image_download_size": NUMBER,
    "release_date": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    "devices": {"type": "array", "items": WORD, "minItems": 1},
}
"""Of doc/json-schema/os-list-schema.json in raspberrypi/rpi-imager, and of the notes beside it."""
SCHEMA = {
    "type": "object",
    "required": ["imager", "os_list"],
    "additionalProperties": False,
    "properties": {
        "os_list": {
            "type": "array",
            "items": {
                "type": "object",
                "required": [*REQUIRED],
                "properties": {**REQUIRED, "init_format": {"enum": ["none"]}},
            },
        },
        "imager": {
            "type": "object",
            "required": ["devices"],
            "properties": {
                "devices": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["name", "description", "tags", "matching_type"],
                    },
                }
            },
        },
    },
}


def test_imager_gets_the_sums_and_sizes_of_the_image(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stock = make_image(tmp_path / "stock.img").read_bytes()
    image = tmp_path / "likelight.img.xz"
    image.write_bytes(lzma.compress(stock, preset=0))
    assert main(["imager-manifest", str(image), "--url", URL]) == Exit.DONE
    file = tmp_path / "likelight.rpi-imager-manifest"
    assert str(file) in capsys.readouterr().out
    manifest = json.loads(file.read_text())
    jsonschema_rs.validate(SCHEMA, manifest)
    (entry,) = manifest["os_list"]
    boards = [tag for board in manifest["imager"]["devices"] for tag in board["tags"]]
    assert entry["devices"] == boards, "else Imager hides it"
    assert (entry["url"], entry["init_format"]) == (URL, "none"), "else Imager replaces user-data"
    assert (entry["extract_size"], len(stock)) == (END, END)
    assert entry["extract_sha256"] == hashlib.sha256(stock).hexdigest()
    assert entry["image_download_size"] == image.stat().st_size
    assert entry["image_download_sha256"] == hashlib.sha256(image.read_bytes()).hexdigest()


def test_a_damaged_image_or_address_makes_no_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = make_image(tmp_path / "likelight.img")
    assert main(["imager-manifest", str(image), "--url", "http://images.example/a"]) == Exit.FAILED
    assert "https://" in capsys.readouterr().err
    image.write_bytes(image.read_bytes()[:-512])
    assert main(["imager-manifest", str(image), "--url", URL]) == Exit.FAILED
    assert "cut short" in capsys.readouterr().err
    assert main(["imager-manifest", str(tmp_path / "none.img"), "--url", URL]) == Exit.FAILED
    assert not list(tmp_path.glob("*.rpi-imager-manifest"))
