"""An I2C and an SPI bus with a panel at the end, in the place of smbus2's and spidev's.

A bus can be `unplugged` (nobody acknowledges), break off after some transfers, answer with any
error, or hang. It writes down which threads used it, and never lets two in at once.
"""

import errno
import os
import threading
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from support.panel_memory import Chip


class PanelBus:
    """What both buses share: the panel, its troubles, and who called."""

    port = 0
    """The bus's number."""

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self.error: Exception | None = None
        self.transfers_left: int | None = None
        self.threads: set[int] = set()
        self.transfers = 0
        self.opened = 0
        self.closed = 0
        self.entered = threading.Event()
        self._flows = threading.Event()
        self._flows.set()
        self._busy = threading.Lock()

    def unplug(self) -> None:
        self.error = OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))

    def plug_in(self) -> None:
        """Give the panel its power and its wires back; it has forgotten everything."""
        self.error = self.transfers_left = None
        self.chip.reset()

    def hang(self) -> None:
        self.entered.clear()
        self._flows.clear()

    def flow(self) -> None:
        self._flows.set()

    def carry(self) -> None:
        """Let one transfer happen, or not."""
        assert self._busy.acquire(blocking=False), "two at once on one bus"
        try:
            self.threads.add(threading.get_ident())
            self.transfers += 1
            self.entered.set()
            assert self._flows.wait(30), "nobody repaired the bus"
            if self.transfers_left is not None:
                self.transfers_left -= 1
                if self.transfers_left < 0:
                    self.unplug()
            if self.error is not None:
                raise self.error
        finally:
            self._busy.release()


class I2cBus(PanelBus):
    """Takes the place of `/dev/i2c-1`, with the panel at `address`."""

    address = 0x3C
    port = 1

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("smbus2.SMBus", self._open)

    def write_i2c_block_data(self, address: int, register: int, data: Sequence[int]) -> None:
        assert len(data) <= 32
        self._transfer(address, bytes([register, *data]))

    def i2c_rdwr(self, *messages: Any) -> None:
        for message in messages:
            assert message.flags == 0, "a write"
            self._transfer(message.addr, bytes(message))

    def close(self) -> None:
        self.closed += 1

    def _open(self, port: int) -> "I2cBus":
        if port != self.port:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", f"/dev/i2c-{port}")
        self.opened += 1
        return self

    def _transfer(self, address: int, sent: bytes) -> None:
        self.carry()
        if address != self.address:
            raise OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))
        # The control byte: C/D# in bit 6, and bit 7 when only one byte follows it.
        while sent:
            control, rest = sent[0], sent[1:]
            assert control & 0x3F == 0
            now, sent = (rest[:1], rest[1:]) if control & 0x80 else (rest, b"")
            (self.chip.data if control & 0x40 else self.chip.command)(now)


class SpiBus(PanelBus):
    """Takes the place of `/dev/spidev0.0`: D/C is on GPIO24, and reset, where wired, on GPIO25."""

    def __init__(self, chip: Chip, factory: MockFactory) -> None:
        super().__init__(chip)
        self.mode = 0
        self.max_speed_hz = 0
        self._dc = factory.pin(24)
        self._reset = factory.pin(25)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        module = ModuleType("spidev")
        module.SpiDev = lambda: self  # type: ignore[attr-defined]
        monkeypatch.setitem(__import__("sys").modules, "spidev", module)

    def open(self, port: int, device: int) -> None:
        if (port, device) != (self.port, 0):
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        self.opened += 1

    def writebytes(self, data: Sequence[int]) -> None:
        assert len(data) <= 4096, "spidev's buffer"
        assert self._dc.function == "output"
        self.carry()
        if self._reset.function == "output" and self._reset.state == 0:
            self.chip.reset()
            return
        (self.chip.data if self._dc.state else self.chip.command)(bytes(data))

    def close(self) -> None:
        self.closed += 1
