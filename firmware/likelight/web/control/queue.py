"""The commands for the likes and notes that wait for the crew."""

from collections.abc import Callable
from typing import Protocol

from aiohttp import web

from likelight.appreciation.lamp.effects import NOTE
from likelight.appreciation.lamp.lamp import Hold, Lamp
from likelight.web.control.messages import DoneAnswer, HoldsAnswer, SkipAnswer
from likelight.web.http import body


class NoteCommands(Protocol):
    """What a command can do with the notes on their way to the crew's screen."""

    def pause(self) -> None:
        """Show no further note; the one on the screen stays for its time."""

    def resume(self) -> None:
        """Show what waited."""

    def skip(self) -> bool:
        """End the note on the screen; return False when there is none."""

    def test_note(self) -> None:
        """Show a note that is marked as a test, counted nowhere and reported to nobody."""


def queue_routes(lamp: Lamp, notes: NoteCommands) -> list[web.RouteDef]:
    """Return the routes.

    A pause holds notes and likes back, a mute only the lamp. Neither loses anything, and no receipt
    is sent before what it says is true. Both end when the daemon ends, if not before.
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

    def command(name: str, action: Callable[[], None]) -> web.RouteDef:
        async def handler(_: web.Request) -> web.Response:
            action()
            return body.json_answer(HoldsAnswer(holds=tuple(sorted(lamp.holds))))

        return web.post(f"/queue/{name}", handler)

    async def skip(_: web.Request) -> web.Response:
        return body.json_answer(SkipAnswer(skipped=notes.skip()))

    async def show_a_test_note(_: web.Request) -> web.Response:
        notes.test_note()
        if lamp.holds <= {Hold.PAUSED}:
            lamp.play(NOTE.name)
        return body.json_answer(DoneAnswer())

    return [
        command("pause", pause),
        command("resume", resume),
        command("mute", mute),
        command("unmute", unmute),
        web.post("/queue/skip", skip),
        web.post("/notes/test", show_a_test_note),
    ]
