"""A camera child that is up in 20 ms and fails on command: `python -S stub_camera.py FD`.

It speaks wire.py's protocol with nothing but the standard library. SIGUSR1: the source vanishes,
and with the next one it is back. SIGUSR2: the driver will block when it is asked to stop. Where a
configured path does not exist, the driver takes the process with it.
"""

import json
import select
import signal
import socket
import struct
import sys
import time
from pathlib import Path

HEADER = struct.Struct("!BBxxIQ")
FPS = 50
RETRY_S = 0.1
SETS = bytes.fromhex("0000000167 42c01fd900a0005b20000003 0000000168cb83cb20 00000001")
PICTURE = b"a picture of the stub camera"
"""Stands in every access unit and in every JPEG."""


class Stub:
    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self.rest = b""
        self.path: str | None = None
        self.stream = 0
        self.jpegs = False
        self.vanished = self.blocks = False
        signal.signal(signal.SIGUSR1, self.vanish)
        signal.signal(signal.SIGUSR2, self.block)

    def vanish(self, *_: object) -> None:
        self.vanished = not self.vanished

    def block(self, *_: object) -> None:
        self.blocks = True

    def send(self, kind: int, payload: bytes = b"", flags: int = 0) -> None:
        self.link.sendall(HEADER.pack(kind, flags, len(payload), time.time_ns() // 1000) + payload)

    def take_commands(self, wait: float) -> bool:
        """Take what the daemon says within `wait` seconds; False once it is gone."""
        if not select.select([self.link], [], [], wait)[0]:
            return True
        data = self.link.recv(65536)
        self.rest += data
        while len(self.rest) >= HEADER.size:
            kind, _, length, _ = HEADER.unpack_from(self.rest)
            if len(self.rest) < HEADER.size + length:
                break
            payload = self.rest[HEADER.size : HEADER.size + length]
            self.rest = self.rest[HEADER.size + length :]
            if kind == 1:
                self.path = json.loads(json.loads(payload)["config"])["path"]
                self.ready()
            else:
                stream, jpeg_fps, pulse = struct.unpack("!I12xf8xI", payload)
                self.send(23, struct.pack("!I", pulse))
                self.jpegs = jpeg_fps > 0
                self.turn(stream)
        return bool(data)

    def ready(self) -> None:
        if self.path is not None and not Path(self.path).exists():
            sys.exit("no such device")
        self.send(16)

    def turn(self, stream: int) -> None:
        if stream == self.stream:
            return
        if stream:
            form = {"width": 640, "height": 360, "fps": FPS, "simulated": True, "rendition": 0}
            self.send(17, json.dumps([stream, form]).encode())
        else:
            while self.blocks:
                signal.pause()
            self.send(22)
        self.stream = stream

    def try_again(self) -> None:
        stream, self.stream = self.stream, 0
        while self.vanished:
            self.send(21, b"the camera is not plugged in")
            time.sleep(RETRY_S)
        self.send(16)
        self.turn(stream)

    def work(self) -> None:
        while self.take_commands(1 / FPS if self.stream else 0.2):
            if self.vanished:
                self.try_again()
            if self.stream:
                self.send(18, SETS + b"\x65" + PICTURE, flags=1)
                if self.jpegs:
                    self.send(19, b"\xff\xd8" + PICTURE + b"\xff\xd9")


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as daemon:
        Stub(daemon).work()
