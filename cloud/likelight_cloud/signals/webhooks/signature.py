"""Signatures of messages: Standard Webhooks 1.0, symmetric (`v1`)."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

PREFIX = "whsec_"


def secret_of(database_secret: bytes, webhook: str) -> str:
    """Return the secret of the webhook with the id `webhook`.

    It derives from the database's own: no list of secrets is kept.
    """
    key = hmac.digest(database_secret, b"webhook " + webhook.encode(), hashlib.sha256)
    return PREFIX + base64.b64encode(key).decode()


def signed_headers(secret: str, message: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers of a message. Raises `ValueError` for a malformed secret."""
    if not secret.startswith(PREFIX):
        raise ValueError(f"a secret of a webhook begins with {PREFIX}")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(f"behind {PREFIX} a webhook's secret is base64") from error
    seconds = str(int(at.timestamp()))
    signed = b".".join((message.encode(), seconds.encode(), body))
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {
        "webhook-id": message,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{signature}",
    }
