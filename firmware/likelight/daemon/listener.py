"""Binds the one port of a device; reports a failure as a mistake in the configuration."""

import socket

from likelight.config.settings import ConfigError, WebSettings
from likelight.web.http.server import ListenError, PortInUseError, listen


def device_listener(settings: WebSettings) -> socket.socket:
    """Bind the device's port. Raises `ConfigError`, which says why it can't."""
    try:
        return listen(settings.host, settings.port)
    except PortInUseError as error:
        raise ConfigError(
            f"{error}. Choose one with --port, for example --port {settings.port + 1} "
            "(web.port in the configuration)."
        ) from error
    except ListenError as error:
        raise ConfigError(str(error)) from error
