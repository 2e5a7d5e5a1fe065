"""What a small panel shows: its chip's memory, filled by what comes over the bus.

Written from the chips' data sheets (SSD1306 rev 1.1, SH1106 V2.3, ST7789V V1.0, ILI9341 V1.11), not
from what luma sends. A chip starts with noise in its memory, off, as real ones do.
"""

from itertools import product
from typing import Final, Literal, Protocol

from PIL import Image, ImageChops

NOISE = 0xA5


class Chip(Protocol):
    """The receiving end of a panel."""

    def command(self, sent: bytes) -> None: ...

    def data(self, sent: bytes) -> None: ...

    def reset(self) -> None: ...

    def seen(self) -> Image.Image:
        """What eyes see, with the panel as luma means it to hang."""


class Oled:
    """An SSD1306 or SSD1309 (128 columns), or an SH1106 (132, of which 128 are behind glass)."""

    # How many bytes follow a command. A command that isn't here has none.
    _FOLLOWED: Final = {
        "ssd1306": {
            **dict.fromkeys((0x20, 0x81, 0x8D, 0xA8, 0xD3, 0xD5, 0xD9, 0xDA, 0xDB), 1),
            **dict.fromkeys((0x21, 0x22, 0xA3), 2),
            **dict.fromkeys((0x26, 0x27), 6),
            **dict.fromkeys((0x29, 0x2A), 5),
        },
        "sh1106": dict.fromkeys((0x81, 0xA8, 0xAD, 0xD3, 0xD5, 0xD9, 0xDA, 0xDB), 1),
    }

    def __init__(self, kind: Literal["ssd1306", "sh1106"]) -> None:
        self._sh1106 = kind == "sh1106"
        self._followed = self._FOLLOWED[kind]
        self._columns = 132 if self._sh1106 else 128
        self._first_column = 2 if self._sh1106 else 0
        self.reset()

    def reset(self) -> None:
        self.memory = [bytearray([NOISE] * self._columns) for _ in range(8)]
        self.on = False
        self.contrast = 0x80 if self._sh1106 else 0x7F
        self._pumped = self._sh1106
        self._page_mode = True
        self._column_span, self._page_span = (0, 127), (0, 7)
        self._column = self._page = self._start_line = self._offset = 0
        self._remapped = self._flipped = self._inverted = self._all_on = False
        self._pending = bytearray()

    def command(self, sent: bytes) -> None:
        for byte in sent:
            self._pending.append(byte)
            if len(self._pending) > self._followed.get(self._pending[0], 0):
                self._execute(*self._pending)
                self._pending.clear()

    def data(self, sent: bytes) -> None:
        for byte in sent:
            if self._column < self._columns:
                self.memory[self._page][self._column] = byte
            self._column += 1
            if not self._page_mode and self._column > self._column_span[1]:
                self._column = self._column_span[0]
                first, last = self._page_span
                self._page = first if self._page == last else self._page + 1

    def seen(self) -> Image.Image:
        image = Image.new("1", (128, 64))
        if not (self.on and self._pumped):
            return image
        # The modules' glass is mounted so that both scans must run backwards.
        assert self._remapped
        assert self._flipped
        pixels = image.load()
        assert pixels is not None
        for x, y in product(range(128), range(64)):
            row = (y + self._start_line + self._offset) % 64
            bit = self.memory[row // 8][x + self._first_column] >> row % 8 & 1
            pixels[x, y] = 255 * ((bit ^ self._inverted) | self._all_on)
        return image

    def _execute(self, command: int, *args: int) -> None:
        match command:
            case _ if command <= 0x0F:
                self._column = self._column & 0xF0 | command
            case _ if 0x10 <= command <= 0x1F:
                self._column = (command & 0x0F) << 4 | self._column & 0x0F
            case 0x20 if not self._sh1106:
                assert args[0] in (0, 2)
                self._page_mode = args[0] == 2
            case 0x21 if not self._sh1106:
                self._column_span = args[0] & 0x7F, args[1] & 0x7F
                self._column = args[0]
            case 0x22 if not self._sh1106:
                self._page_span = args[0] & 7, args[1] & 7
                self._page = args[0]
            case _ if 0x40 <= command <= 0x7F:
                self._start_line = command & 0x3F
            case 0x81:
                self.contrast = args[0]
            case 0x8D if not self._sh1106:
                self._pumped = args[0] == 0x14
            case 0xA0 | 0xA1:
                self._remapped = command == 0xA1
            case 0xA4 | 0xA5:
                self._all_on = command == 0xA5
            case 0xA6 | 0xA7:
                self._inverted = command == 0xA7
            case 0xAE | 0xAF:
                self.on = command == 0xAF
            case _ if 0xB0 <= command <= 0xB7:
                self._page = command & 7
            case 0xC0 | 0xC8:
                self._flipped = command == 0xC8
            case 0xD3:
                self._offset = args[0] & 0x3F


class Lcd:
    """An ST7789 (240x240 IPS glass) or an ILI9341 (320x240), as luma turns their memory."""

    _SLEEP_IN, _SLEEP_OUT, _INVERSION_OFF, _INVERSION_ON = 0x10, 0x11, 0x20, 0x21
    _OFF, _ON, _COLUMNS, _ROWS, _WRITE, _ACCESS, _FORMAT = 0x28, 0x29, 0x2A, 0x2B, 0x2C, 0x36, 0x3A

    def __init__(self, kind: Literal["st7789", "ili9341"]) -> None:
        self._size = (240, 240) if kind == "st7789" else (320, 240)
        # IPS glass shows a picture as it is only when the chip inverts it.
        self._ips = kind == "st7789"
        # How memory is read when the panel hangs as meant: turned, and blue first where the
        # glass has its stripes the other way round.
        self._upright = 0x70 if kind == "st7789" else 0x28
        self.reset()

    def reset(self) -> None:
        self.memory = Image.new("RGB", self._size, (NOISE, NOISE, NOISE))
        self.on = False
        self._awake = self._inverted = False
        self._access = self._format = 0
        self._window = [0, 0, self._size[0] - 1, self._size[1] - 1]
        self._command = 0
        self._args = bytearray()

    def command(self, sent: bytes) -> None:
        for byte in sent:
            self._finish()
            self._command = byte
            match byte:
                case self._SLEEP_IN | self._SLEEP_OUT:
                    self._awake = byte == self._SLEEP_OUT
                case self._INVERSION_OFF | self._INVERSION_ON:
                    self._inverted = byte == self._INVERSION_ON
                case self._OFF | self._ON:
                    self.on = byte == self._ON

    def data(self, sent: bytes) -> None:
        self._args += sent

    def seen(self) -> Image.Image:
        self._finish()
        if not (self.on and self._awake):
            return Image.new("RGB", self._size)
        assert self._access == self._upright
        return self.memory if self._inverted == self._ips else ImageChops.invert(self.memory)

    def _finish(self) -> None:
        """Execute the last command that has arguments, now that they are all there."""
        args, self._args = bytes(self._args), bytearray()
        match self._command:
            case self._ACCESS if args:
                self._access = args[0]
            case self._FORMAT if args:
                self._format = args[0] & 0x07
            case self._COLUMNS if len(args) == 4:
                self._window[0::2] = args[0] << 8 | args[1], args[2] << 8 | args[3]
            case self._ROWS if len(args) == 4:
                self._window[1::2] = args[0] << 8 | args[1], args[2] << 8 | args[3]
            case self._WRITE if args:
                self._fill(args)

    def _fill(self, pixels: bytes) -> None:
        assert self._format == 6, "three bytes a pixel, six bits of each"
        left, top, right, bottom = self._window
        size = right - left + 1, bottom - top + 1
        assert right < self._size[0]
        assert bottom < self._size[1]
        # A burst that broke off leaves the rest of the window as it was.
        before = self.memory.crop((left, top, right + 1, bottom + 1)).tobytes()
        assert len(pixels) <= len(before)
        whole = pixels + before[len(pixels) :]
        six_bits = Image.frombytes("RGB", size, whole).point(lambda value: value & 0xFC)
        self.memory.paste(six_bits, (left, top))
