"""Every check of the doctor, in the order in which it reports them."""

from likelight.fleet.doctor.check import Check
from likelight.fleet.doctor.checks import (
    board,
    camera,
    clock,
    configuration,
    daemon,
    disk,
    lamps,
    languages,
    libraries,
    network,
    panel,
    pins,
    service,
)

CHECKS: tuple[Check, ...] = (
    *configuration.CHECKS,
    *board.CHECKS,
    *pins.CHECKS,
    *lamps.CHECKS,
    *panel.CHECKS,
    *camera.CHECKS,
    *libraries.CHECKS,
    *languages.CHECKS,
    *clock.CHECKS,
    *disk.CHECKS,
    *service.CHECKS,
    *daemon.CHECKS,
    *network.CHECKS,
)
