"""Every check of the doctor, in the order in which it tells them."""

from likelight.fleet.check import Check
from likelight.fleet.checks import (
    board,
    camera,
    clock,
    disk,
    lamps,
    network,
    panel,
    pins,
    service,
    words,
)

CHECKS: tuple[Check, ...] = (
    *board.CHECKS,
    *pins.CHECKS,
    *lamps.CHECKS,
    *panel.CHECKS,
    *camera.CHECKS,
    *words.CHECKS,
    *clock.CHECKS,
    *disk.CHECKS,
    *service.CHECKS,
    *network.CHECKS,
)
