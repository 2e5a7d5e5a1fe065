"""Requests that Schemathesis makes of the OpenAPI document, right and wrong ones: a running cloud
takes the former, refuses the latter, and answers as it is written there."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from likelight_cloud.store.operators import Operator, Role
from likelight_cloud.trust.device import hashed
from support.cloud import NOON, TOKEN
from support.cloud_server import cloud_server
from support.ingest import add_sources, bearer_source

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
LONG = bool(os.environ.get("LIKELIGHT_LONG"))

PATHS = r"^/(v1/.*|oembed|healthz|k/\{kid\}(/here|/hours\.ics)?)$"
"""Media and files take nothing but a name."""
WITHOUT_END = r"/(feed|live)$"
"""A WebSocket and an event stream."""

CONFIG = """
[phases.coverage]
# Each costs a request, and all of them the same 405.
unexpected-methods = ["PUT"]

[parameters]
"path.kid" = "demo"
"path.source" = "tool"

# A text of the right pattern is still no cursor of this cloud.
[[operations]]
include-path = "/v1/kitchens/{kid}/events"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400]

# A right time may be of a year that is out of the contract's range, which JSON Schema can't say.
[[operations]]
include-path = "/v1/kitchens/{kid}/status"
checks.positive_data_acceptance.expected-statuses = ["2xx", 409, 422]

# A code may be of no note, and a text no enrolment code.
[[operations]]
include-path-regex = '^(/v1/enrol|/v1/kitchens/\\{kid\\}/notes|/k/\\{kid\\}(/here)?)$'
checks.positive_data_acceptance.expected-statuses = ["2xx", "3xx", 422, 429]

# An event may be for another kitchen, with another note, or of more than this source may send.
[[operations]]
include-path = "/v1/ingest/{source}"
checks.positive_data_acceptance.expected-statuses = ["2xx", 404, 422, 429]

# oembed.com says so of another format.
[[operations]]
include-path = "/oembed"
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", 501]
checks.positive_data_acceptance.expected-statuses = ["2xx", 404]
"""


@pytest.mark.hypothesis
async def test_a_cloud_is_what_its_document_says(tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    drawn = ("--max-examples", "50") if LONG else ("--max-examples", "2", "--seed", "3")
    async with cloud_server(tmp_path / "cloud.db") as site:
        operator = Operator("kim", Role.OPERATOR, hashed(TOKEN), NOON)
        await site.cloud.cloud.store.operators.add(operator)
        await add_sources(site.cloud.cloud.store, bearer_source(token=TOKEN))
        process = await asyncio.create_subprocess_exec(
            *(SCHEMATHESIS, "--config-file", config, "run", f"{site.public}/openapi.json"),
            *("--phases", "coverage,fuzzing", *drawn),
            *("--include-path-regex", PATHS, "--exclude-path-regex", WITHOUT_END),
            *("--header", f"Authorization: Bearer {TOKEN}"),
            *("--no-color", "--warnings", "off", "--continue-on-failure", "--no-shrink"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said
    assert " 0 selected" not in said
