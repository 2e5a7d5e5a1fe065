"""Builds what a device has whose cloud is elsewhere, and connects it: its tokens, how it is paired,
the way to the cloud, and the notes that the cloud asks for."""

from likelight.appreciation.sync.connection import CloudConnection
from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.config.device_tokens import DeviceTokens
from likelight.config.settings import Config
from likelight.daemon.catalogue_updates import CatalogueUpdates
from likelight.daemon.code_pairing import CodePairing
from likelight.daemon.events import DeviceEvents
from likelight.daemon.prepare import Prepared
from likelight.daemon.token_rotation import TokenRotation
from likelight.daemon.token_watch import TokenWatch
from likelight.daemon.way_watch import WayWatch
from likelight.runtime.supervisor import Supervisor
from likelight.runtime.troubles import Trouble


def add_remote_cloud(
    supervisor: Supervisor,
    config: Config,
    prepared: Prepared,
    tokens: DeviceTokens,
    cloud: HttpCloud,
    events: DeviceEvents,
) -> None:
    """Add these parts; a device without a token also asks to be paired by a code."""
    _add_tokens(supervisor, prepared, tokens, cloud, events)
    _add_way(supervisor, config, prepared, events)
    _add_new_notes(supervisor, prepared, cloud, events)
    if not prepared.tokens:
        supervisor.add("code pairing", _code_pairing(config, prepared, events), critical=False)


def _code_pairing(config: Config, prepared: Prepared, events: DeviceEvents) -> CodePairing:
    return CodePairing(
        config,
        prepared.trust,
        events.reachable,
        on_code=events.on_pairing_code,
        on_refused=lambda refused: events.troubles.set(Trouble.PAIRING_REFUSED, refused),
        on_failure=events.on_pairing_failure,
        on_kitchen=lambda _: events.another_kitchen.set(),
        rng=prepared.rng,
    )


def _add_tokens(
    supervisor: Supervisor,
    prepared: Prepared,
    tokens: DeviceTokens,
    cloud: HttpCloud,
    events: DeviceEvents,
) -> None:
    watch = TokenWatch(tokens, cloud, prepared.tokens, on_paired=events.on_paired)
    events.rotation = TokenRotation(
        tokens, cloud, events.window_in.reported, on_change=watch.look, rng=prepared.rng
    )
    supervisor.add("pairing", watch, critical=False)
    supervisor.add("rotation", events.rotation, critical=False)


def _add_way(
    supervisor: Supervisor, config: Config, prepared: Prepared, events: DeviceEvents
) -> None:
    events.way = WayWatch(
        config.state_dir,
        connected=lambda: events.window_in.connection is CloudConnection.CONNECTED,
        ask_link=prepared.ask_link,
        on_change=events.on_way,
    )
    supervisor.add("way", events.way, critical=False)


def _add_new_notes(
    supervisor: Supervisor, prepared: Prepared, cloud: HttpCloud, events: DeviceEvents
) -> None:
    """Follow the catalogue that the cloud asks for, and show its notes."""
    kept, language = prepared.catalogue, prepared.language

    def show() -> None:
        events.window_in.use_notes(kept.notes.load(language), kept.announced)

    events.catalogue = CatalogueUpdates(
        kept,
        cloud,
        events.window_in.reported,
        on_notes=show,
        on_change=events.on_catalogue,
        rng=prepared.rng,
    )
    supervisor.add("new notes", events.catalogue, critical=False)
