"""Every check of the doctor, in the order in which it tells them."""

from likelight.fleet.doctor.check import Check
from likelight.fleet.doctor.checks import (
    board,
    camera,
    clock,
    disk,
    lamps,
    network,
    panel,
    pins,
    service,
)
from likelight.fleet.doctor.checks import languages as words

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
