"""The commands for the lamp of a running daemon."""

from collections.abc import Sequence

from aiohttp import web

from likelight.appreciation.lamp.effects import UnknownEffect
from likelight.appreciation.lamp.lamp import Hold, Lamp
from likelight.appreciation.lamp.trial import Planned
from likelight.web.control.messages import EffectsAnswer, EffectStart, HoldsAnswer, PlayRequest
from likelight.web.http import body
from likelight.web.http.problems import ProblemError

WHY_DARK = {
    Hold.MUTED: "The lamp is muted. End that first: `likelight queue unmute`",
    Hold.OFF: "The lamp is switched off. End that first: `likelight lights on`",
}


def lights_routes(lamp: Lamp, *, simulated: bool) -> list[web.RouteDef]:
    """Return the routes. Nothing that they show is counted or reported to anybody."""

    def planned(plan: Sequence[Planned]) -> web.Response:
        effects = tuple(
            EffectStart(name=one.effect.name, starts_s=one.starts_s, seconds=one.effect.seconds)
            for one in plan
        )
        return body.json_answer(EffectsAnswer(effects=effects, simulated=simulated))

    async def test(_: web.Request) -> web.Response:
        _refuse_while_dark(lamp)
        return planned(lamp.test())

    async def play(request: web.Request) -> web.Response:
        wanted = await body.read_body(request, PlayRequest)
        _refuse_while_dark(lamp)
        try:
            return planned(lamp.play(wanted.effect))
        except UnknownEffect as error:
            raise ProblemError(422, str(error)) from error

    async def off(_: web.Request) -> web.Response:
        lamp.hold(Hold.OFF)
        return body.json_answer(HoldsAnswer(holds=tuple(sorted(lamp.holds))))

    async def on(_: web.Request) -> web.Response:
        lamp.release(Hold.OFF)
        return body.json_answer(HoldsAnswer(holds=tuple(sorted(lamp.holds))))

    return [
        web.post("/lights/test", test),
        web.post("/lights/play", play),
        web.post("/lights/off", off),
        web.post("/lights/on", on),
    ]


def _refuse_while_dark(lamp: Lamp) -> None:
    for why, words in WHY_DARK.items():
        if why in lamp.holds:
            raise ProblemError(409, words)
    if lamp.trouble:
        raise ProblemError(503, f"The lamp does not answer: {lamp.trouble}")
