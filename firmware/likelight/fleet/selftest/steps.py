"""The eight steps of the self-test, in their order.

The panel comes first, because it guides. The buttons come second, because afterwards they can
answer, and a person at the wall needs no keyboard. Consent comes before the camera, which needs it.
"""

from likelight.fleet.selftest.camera_step import check_camera
from likelight.fleet.selftest.consent_step import check_consent
from likelight.fleet.selftest.light_steps import check_lamps, check_on_air_light
from likelight.fleet.selftest.network_steps import check_cloud, check_network
from likelight.fleet.selftest.panel_steps import check_buttons, check_panel
from likelight.fleet.selftest.session import LOOK, Step

_WIRES = f"check its wires and its supply against hw/WIRING.md; {LOOK}"

STEPS: tuple[Step, ...] = (
    Step(
        "Panel",
        lambda words: words.panel,
        _WIRES,
        lambda device: device.display.simulated,
        check_panel,
    ),
    Step(
        "Buttons",
        lambda words: words.buttons,
        "each goes from its pin to ground; the pins are in hw/WIRING.md",
        lambda device: device.thanks.simulated and device.privacy.simulated,
        check_buttons,
    ),
    Step(
        "Lamp",
        lambda words: words.lamp,
        _WIRES,
        lambda device: all(lamp.lights.simulated for lamp in device.lamps),
        check_lamps,
    ),
    Step(
        "On-air light",
        lambda words: words.on_air_light,
        _WIRES,
        lambda device: device.indicator.simulated,
        check_on_air_light,
    ),
    Step(
        "Consent",
        lambda words: words.consent,
        "`sudo likelight consent show` says why",
        lambda _: False,
        check_consent,
    ),
    Step(
        "Camera",
        lambda words: words.camera,
        f"reseat its cable at both ends; {LOOK}",
        lambda device: device.camera.simulated,
        check_camera,
    ),
    Step("Network", lambda words: words.network, LOOK, lambda _: False, check_network),
    Step("Cloud", lambda words: words.cloud, LOOK, lambda _: False, check_cloud),
)
