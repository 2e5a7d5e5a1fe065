"""What a configuration may say, and a person should think about once more."""

from collections.abc import Iterator

from likelight.config.address import leaves_own_network
from likelight.config.settings import Config
from likelight.runtime.tls import ca_file_error


def cautions(config: Config) -> tuple[str, ...]:
    """Return a sentence for each setting that is right and dangerous. Reads files; blocks."""
    return (*_unencrypted(config), *_no_authorities(config))


def _unencrypted(config: Config) -> Iterator[str]:
    url = config.cloud.url
    if url is not None and leaves_own_network(url):
        yield (
            "cloud.url is http://: the token and all notes cross the internet unencrypted, and "
            "anybody on the way can act as this kitchen. Use https://"
        )


def _no_authorities(config: Config) -> Iterator[str]:
    for name, file in (("cloud", config.cloud.ca_file), ("push", config.push.ca_file)):
        if file is not None and (error := ca_file_error(file)) is not None:
            yield f"{name}.ca_file: {error}. Until then nothing is sent there"
