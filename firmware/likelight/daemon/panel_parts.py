"""Builds what asks the crew at the panel, for their consent and for what `likelight.txt` says, and
connects it to the device."""

from datetime import tzinfo

from likelight.assets import crew_words
from likelight.config.places import BOOT_AGREED, runtime_dir
from likelight.config.settings import Config
from likelight.daemon.aiming import Aiming
from likelight.daemon.boot_watch import BootWatch
from likelight.daemon.events import DeviceEvents
from likelight.daemon.hardware import DeviceHardware
from likelight.daemon.mask_picture import MaskPicture
from likelight.daemon.panel_consent import PanelConsent
from likelight.daemon.prepare import Prepared
from likelight.gate.privacy_memory import PrivacyMemory
from likelight.runtime.supervisor import Supervisor
from likelight.runtime.troubles import Trouble


def add_panel_consent(
    supervisor: Supervisor,
    config: Config,
    prepared: Prepared,
    memory: PrivacyMemory,
    hardware: DeviceHardware,
    events: DeviceEvents,
    zone: tzinfo,
) -> None:
    """Ask for consent to a real camera at the panel, and let the crew aim it afterwards."""
    on_air, window_in = events.on_air, events.window_in
    words = crew_words.load(prepared.catalogue.notes.load(prepared.language).lang)

    async def keep_private() -> None:
        on_air.start_privacy()
        await memory.keep(private=True)

    aiming = events.aiming = Aiming(
        on_air, hardware.display.info, words, show=window_in.aim, on_change=events.on_panel_pictures
    )
    events.panel_consent = PanelConsent(
        config.consent,
        window_in.questions,
        events.permissions.consent,
        kitchen=config.kitchen.id,
        state_dir=config.state_dir,
        words=words,
        zone=zone,
        enrolled=lambda: Trouble.NOT_PAIRED not in events.troubles.present,
        keep_private=keep_private,
        tell=window_in.tell,
        on_recorded=aiming.allow,
        clock_is_set=prepared.clock.is_set,
        now=prepared.now,
    )
    supervisor.add("aiming", aiming, critical=False)
    supervisor.add("consent at the panel", events.panel_consent, critical=False)


def add_boot_watch(
    supervisor: Supervisor,
    config: Config,
    prepared: Prepared,
    hardware: DeviceHardware,
    events: DeviceEvents,
) -> None:
    """Ask what the boot volume's `likelight.txt` and a stick's ask for."""
    words = crew_words.load(prepared.language)

    def picture_changed() -> None:
        watch.put_behind_masks(picture.jpeg, picture.why_none)
        events.on_panel_pictures()

    picture = MaskPicture(events.on_air, hardware.display.info, words, on_change=picture_changed)
    watch = BootWatch(
        prepared.boot_report,
        prepared.sticks,
        config,
        events.window_in.questions,
        words,
        runtime_dir(config.state_dir) / BOOT_AGREED,
        on_change=events.on_boot_report,
        on_masks=picture.ask,
        on_agreed=events.another_kitchen.set,
    )
    events.mask_picture = picture
    supervisor.add("boot report", watch, critical=False)
