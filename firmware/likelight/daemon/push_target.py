"""Where the stream is pushed to, as the configuration and its secrets say."""

import ssl
from pathlib import Path

from likelight.config.secret import read_secret
from likelight.config.settings import ConfigError, PushSettings
from likelight_hw.push.target import PushTarget


def read_push_target(settings: PushSettings) -> PushTarget | None:
    """Return the push target, or None when none is configured.

    Raises `ConfigError`, without the URL in it.
    """
    url = settings.url
    if settings.url_file is not None:
        url = read_secret(settings.url_file, "the push's URL")
    if url is None:
        return None
    try:
        return PushTarget(url, settings.ca_file or _authorities())
    except ValueError as error:
        raise ConfigError(f"{settings.url_file or 'push.url'}: {error}") from None


def _authorities() -> Path:
    """Return the system's bundle of trusted authorities, which FFmpeg does not find by itself."""
    paths = ssl.get_default_verify_paths()
    return Path(paths.cafile or f"{paths.openssl_capath}/ca-certificates.crt")
