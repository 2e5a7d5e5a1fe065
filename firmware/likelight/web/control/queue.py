"""What the command line may ask of what waits for the crew: likes and notes."""

from collections.abc import Callable
from typing import Protocol

from aiohttp import web

from likelight.appreciation.lamp.effects import NOTE
from likelight.appreciation.lamp.lamp import Hold, Lamp


class Notes(Protocol):
    """The notes on their way to the crew's screen."""

    def pause(self) -> None:
        """Show no further note; the one on the screen stays its time."""

    def resume(self) -> None:
        """Show what waited."""

    def skip(self) -> bool:
        """The note on the screen is done; False: there is none."""

    def test_note(self) -> None:
        """Show a note that is marked as a test, counted nowhere and reported to nobody."""


def queue_routes(lamp: Lamp, notes: Notes) -> list[web.RouteDef]:
    """Return the routes.

    A pause holds notes and likes back, a mute only the lamp. Neither loses anything, and no
    receipt leaves before what it says is true. Both end with the daemon at the latest.
    """

    def pause() -> None:
        lamp.hold(Hold.PAUSED)
        notes.pause()

    def resume() -> None:
        notes.resume()
        lamp.release(Hold.PAUSED)

    def mute() -> None:
        lamp.hold(Hold.MUTED)

    def unmute() -> None:
        lamp.release(Hold.MUTED)

    def command(name: str, obey: Callable[[], None]) -> web.RouteDef:
        async def handler(_: web.Request) -> web.Response:
            obey()
            return web.json_response({"holds": sorted(lamp.holds)})

        return web.post(f"/queue/{name}", handler)

    async def skip(_: web.Request) -> web.Response:
        return web.json_response({"skipped": notes.skip()})

    async def show_a_test_note(_: web.Request) -> web.Response:
        notes.test_note()
        if lamp.holds <= {Hold.PAUSED}:
            lamp.play(NOTE.name)
        return web.json_response({})

    return [
        command("pause", pause),
        command("resume", resume),
        command("mute", mute),
        command("unmute", unmute),
        web.post("/queue/skip", skip),
        web.post("/notes/test", show_a_test_note),
    ]
