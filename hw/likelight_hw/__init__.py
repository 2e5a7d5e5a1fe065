"""What the firmware is wired to: camera, lamp, on-air light, display and buttons.

Nothing here knows of likes, notes, consent or viewers; another product could use it as it is.
"""
