"""What a configuration may say, and a person should think about once more."""

from likelight.config.address import leaves_own_network
from likelight.config.settings import Config


def cautions(config: Config) -> tuple[str, ...]:
    """Return a sentence for each setting that is right and dangerous."""
    url = config.cloud.url
    if url is not None and leaves_own_network(url):
        return (
            "cloud.url is http://: the token and all notes cross the internet unencrypted, and "
            "anybody on the way can act as this kitchen. Use https://",
        )
    return ()
