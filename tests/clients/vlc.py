"""Play a URL with VLC's library, and write each picture to stdout, a byte of grey for each pixel.

Arguments: the URL, and width and height of what is written, whatever the stream's size.

The command `vlc` refuses to run as root, and CI is root.
"""

import ctypes
import os
import signal
import sys

LOCK = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p))
DISPLAY = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


def main(url: str, width: int, height: int) -> None:
    vlc = ctypes.CDLL("libvlc.so.5")
    for function in (
        vlc.libvlc_new,
        vlc.libvlc_media_new_location,
        vlc.libvlc_media_player_new_from_media,
    ):
        function.restype = ctypes.c_void_p
    words = (ctypes.c_char_p * 2)(b"--quiet", b"--no-audio")
    instance = ctypes.c_void_p(vlc.libvlc_new(len(words), words))
    media = ctypes.c_void_p(vlc.libvlc_media_new_location(instance, url.encode()))
    player = ctypes.c_void_p(vlc.libvlc_media_player_new_from_media(media))
    picture = (ctypes.c_char * (width * height))()

    @LOCK
    def lock(_: int | None, planes: "ctypes._Pointer[ctypes.c_void_p]") -> None:
        planes[0] = ctypes.cast(picture, ctypes.c_void_p)

    @DISPLAY
    def display(_: int | None, __: int | None) -> None:
        os.write(1, picture)

    vlc.libvlc_video_set_format(player, b"GREY", width, height, width)
    vlc.libvlc_video_set_callbacks(player, lock, None, display, None)
    vlc.libvlc_media_player_play(player)
    signal.pause()


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
