"""`/v1/pairing`: a device without a code shows one, and waits until an operator confirms it."""

import asyncio
import logging
import secrets
from collections import OrderedDict

from aiohttp import web

from likelight.contract.enrolment import (
    PairingAnswer,
    PairingOffer,
    PairingRequest,
    new_user_code,
    user_code_of,
)
from likelight.contract.problem import ProblemType
from likelight.web.http.body import json_answer, read_body
from likelight.web.http.client_address import client_of
from likelight.web.http.declared import Part, declares
from likelight.web.http.problems import ProblemError
from likelight.web.http.proxies import network_of
from likelight_cloud.api.viewer.who import over_limit
from likelight_cloud.app import BUSY, CLOUD, Cloud
from likelight_cloud.store.base import storable
from likelight_cloud.store.pairing import MOST_OPEN, OPEN_FOR, NewPairing
from likelight_cloud.trust.ceilings import PrefixBuckets
from likelight_cloud.trust.device import hashed

log = logging.getLogger(__name__)

PER_MIN = 30
"""From one address prefix, as many as may enrol."""
INTERVAL_S = 5
"""The least time between two questions of a device: RFC 8628 has the same where a server names
none."""


def pairing_routes() -> list[web.RouteDef]:
    """Return the addresses under which devices ask to be paired."""
    limit, asked_at = PrefixBuckets(PER_MIN), _LastQuestions()

    @declares(
        Part.DEVICE,
        "A device asks for a code to show",
        {201: PairingOffer},
        {
            429: "`limit`: more than 30 a minute come from one address prefix; or very many wait "
            "for an operator already.",
            **BUSY,
        },
        request=PairingRequest,
    )
    async def post_pairing(request: web.Request) -> web.Response:
        """Open a pairing of the device's own token with whatever kitchen the operator chooses."""
        cloud, client = request.app[CLOUD], client_of(request)
        wait_s = limit.take(limit.hidden(client), asyncio.get_running_loop().time())
        if wait_s:
            raise over_limit("Very many devices ask for a code from your network.", wait_s)
        asked = await read_body(request, PairingRequest)
        offer = PairingOffer(
            device_code=secrets.token_urlsafe(24),
            user_code=new_user_code(),
            interval=INTERVAL_S,
            expires_in=int(OPEN_FOR.total_seconds()),
        )
        new = NewPairing(
            hashed(offer.device_code),
            hashed(user_code_of(offer.user_code)),
            bytes.fromhex(asked.token_sha256),
            asked.device.serial,
            asked.device.sw,
            "this machine" if client is None else network_of(client),
        )
        if not await cloud.store.begin_pairing(new, cloud.now()):
            raise over_limit("Very many devices wait for an operator just now.", 60)
        log.info("The device %s (%s) waits for an operator", new.serial, new.sw)
        return json_answer(offer, status=201)

    @declares(
        Part.DEVICE,
        "What became of a device's code",
        {200: PairingAnswer},
        {
            404: "`code`: its 15 minutes are over, or there never was such a pairing.",
            429: "`limit`: less than `interval` after the question before.",
            **BUSY,
        },
    )
    async def get_pairing(request: web.Request) -> web.Response:
        """Tell a device whether an operator has confirmed it, and as which kitchen."""
        cloud, device_code = request.app[CLOUD], request.match_info["device_code"]
        device_hash = hashed(device_code) if storable(device_code) else b""
        loop_time = asyncio.get_running_loop().time()
        wait_s = asked_at.wait_s(device_hash, loop_time)
        if wait_s:
            raise over_limit(f"Ask every {INTERVAL_S} s, and no sooner.", wait_s)
        pairing = await cloud.store.pairing(device_hash)
        if pairing is None or pairing.expires_at <= cloud.now():
            raise await _over(cloud, forget=pairing is not None)
        asked_at.note(device_hash, loop_time)
        answer = PairingAnswer(state=pairing.state, kid=pairing.kid, name=pairing.name)
        return json_answer(answer)

    return [
        web.post("/v1/pairing", post_pairing),
        web.get("/v1/pairing/{device_code}", get_pairing),
    ]


async def _over(cloud: Cloud, *, forget: bool) -> ProblemError:
    """Return the 404 of a pairing that has ended, of which nothing is kept longer."""
    if forget:
        await cloud.store.forget_pairings(cloud.now())
    return ProblemError(
        404, "This pairing is over. Ask for a new code: POST /v1/pairing.", type=ProblemType.CODE
    )


class _LastQuestions:
    """When each device last asked. In memory: a cloud beside this one knows its own."""

    def __init__(self) -> None:
        self._at: OrderedDict[bytes, float] = OrderedDict()

    def wait_s(self, device_hash: bytes, at: float) -> float:
        """Return how long the device has to wait before its next question."""
        last = self._at.get(device_hash)
        return 0.0 if last is None else max(0.0, last + INTERVAL_S - at)

    def note(self, device_hash: bytes, at: float) -> None:
        """Take down that the device has asked."""
        self._at[device_hash] = at
        self._at.move_to_end(device_hash)
        if len(self._at) > MOST_OPEN:
            self._at.popitem(last=False)
