"""Spawns a child process with a socket to it, and ends it. Camera and push share this."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from likelight_hw.child.ending import end, kill
from likelight_hw.child.link import ChildLink

END_S = 1.0
"""How long a child may take to end by itself, once its socket is closed."""


def module_command(module: str) -> tuple[str, ...]:
    """Return the command line that runs `module`.

    -P keeps the working directory out, -s the packages in the home of the user, which the daemon
    can write.
    """
    return (sys.executable, "-s", "-P", "-m", module)


class ChildProcess:
    """One child: `command`, with the number of its end of the socket as the last argument."""

    def __init__(self, command: Sequence[str], link: ChildLink) -> None:
        self.link = link
        self.killed = False
        self.exit_code: int | None = None
        """Set when `running` ends; None for a child that not even SIGKILL ended."""
        self._command = tuple(command)
        self._process: asyncio.subprocess.Process | None = None

    def kill(self) -> None:
        """Send SIGKILL now; a child that is not there yet gets it as soon as it is spawned."""
        self.killed = True
        if self._process is not None:
            kill(self._process)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Spawn the child and connect `link`. At the end of the block, close `link`; end the child.

        The child gets no terminal and a session of its own: Ctrl-C reaches only the daemon. Enter
        it once.
        """
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours:
            with theirs:
                process = self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    str(theirs.fileno()),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            try:
                if self.killed:
                    kill(process)
                await loop.create_unix_connection(lambda: self.link, sock=ours)
                yield
            finally:
                self.link.close()
                self.exit_code = await end(process, END_S)
