"""A device without a token asks its cloud for a code, has it shown, and waits until an operator
confirms it."""

import asyncio
import logging
import random
from collections.abc import Callable

from likelight.appreciation.sync.client import FailureKind
from likelight.config.pairing import (
    draw_token,
    drop_token,
    kitchen_from_next_start,
    take_kitchen,
)
from likelight.config.settings import Config
from likelight.contract.enrolment import PairingAnswer
from likelight.daemon.pairing_client import PairingClient, Refused, Unanswered
from likelight.runtime.backoff import Backoff
from likelight.runtime.http_session import Trust, new_session

log = logging.getLogger(__name__)

AFTER_REFUSAL_S = 900.0
"""How long the cloud keeps a refusal."""
DISK_S = 60.0
"""The pause before a token is written again where the disk takes none."""


class CodePairing:
    """Asks the cloud of `config` until `paired` is set.

    A component. `on_code` is called with each code to show, and with None when there is none any
    more; `on_refused` with whether an operator has refused this device, or confirmed it as another
    kitchen than its configuration names; `on_failure` with how the last question failed, or None
    once the cloud has answered; `on_kitchen` with the kitchen that it is from its next
    start on, where the configuration names none. The token goes into the file that `TokenWatch`
    looks at.
    """

    def __init__(
        self,
        config: Config,
        trust: Trust,
        paired: asyncio.Event,
        *,
        on_code: Callable[[str | None], None],
        on_refused: Callable[[bool], None],
        on_failure: Callable[[FailureKind | None], None],
        on_kitchen: Callable[[str], None],
        rng: random.Random,
    ) -> None:
        self._config = config
        self._url = config.cloud.url or ""
        self._file = config.token_file
        self._trust = trust
        self._paired = paired
        self._on_code = on_code
        self._on_refused = on_refused
        self._on_failure = on_failure
        self._on_kitchen = on_kitchen
        self._rng = rng
        self._backoff = Backoff(rng)
        self._code: str | None = None

    async def run(self) -> None:
        """Ask until cancelled, or paired; then do nothing."""
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(self._ask())
            await self._paired.wait()
            asking.cancel()
        self._show(None)
        self._on_failure(None)
        self._on_refused(False)
        # `likelight pair` may have been quicker.
        kitchen = await asyncio.to_thread(kitchen_from_next_start, self._config)
        if kitchen != self._config.kitchen.id:
            self._on_kitchen(kitchen)
        await asyncio.Event().wait()

    async def _ask(self) -> None:
        async with new_session(self._config.cloud.proxy) as session:
            client = PairingClient(session, self._url, self._trust)
            while True:
                try:
                    await asyncio.sleep(await self._ask_once(client))
                except OSError as error:
                    log.warning(
                        "Without a token, and %s takes none: %s. Leave out cloud.token_file, or "
                        "type `sudo likelight pair`",
                        self._file.parent,
                        error.strerror,
                    )
                    await asyncio.sleep(DISK_S)

    async def _ask_once(self, client: PairingClient) -> float:
        """Show one code until it ends; return how long to pause after that. Raises `OSError`."""
        token = await asyncio.to_thread(draw_token, self._file, self._config.state_dir)
        try:
            decided = await client.decision(token, self._show)
        except (Unanswered, Refused) as error:
            self._on_failure(error.failure if isinstance(error, Unanswered) else None)
            if self._backoff.fresh:
                log.warning("Without a token, and there is no code to show: %s", error)
            wait = error.retry_after_s if isinstance(error, Refused) else 0.0
            return wait + self._rng.uniform(0, wait) + self._backoff.next()
        finally:
            self._show(None)
        self._backoff.reset()
        return 0.0 if decided is None else await self._take(decided)

    async def _take(self, decided: PairingAnswer) -> float:
        own = self._config.kitchen.id
        if decided.kid is None or decided.name is None:
            log.error("An operator has refused this device. It asks again in 15 minutes")
        elif await asyncio.to_thread(take_kitchen, self._config, decided.kid, decided.name):
            log.info("An operator has confirmed this device as %s", decided.kid)
            if decided.kid != own:
                self._on_kitchen(decided.kid)
            await asyncio.Event().wait()  # until `TokenWatch` has seen the file
        else:
            log.error(
                "An operator has confirmed this device as %s, and its kitchen.id is %s: change one "
                "of the two",
                decided.kid,
                own,
            )
            await asyncio.to_thread(drop_token, self._file)
        self._on_refused(True)
        await asyncio.sleep(AFTER_REFUSAL_S)
        self._on_refused(False)
        return 0.0

    def _show(self, code: str | None) -> None:
        if code == self._code:
            return
        if code is not None:
            self._on_failure(None)
        self._code = code
        self._on_code(code)
        if code is not None:
            log.info(
                "Not paired. The code to tell IT, for 15 minutes: %s. On the cloud's server: "
                "`likelight-cloud pairing confirm %s KID`",
                code,
                code,
            )
