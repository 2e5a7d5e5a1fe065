"""The contact that an operator names: for faults, and for questions about what is kept."""

from yarl import URL


def check_contact(text: str) -> str:
    """Return `text` if it is the URI of somebody who answers. Raises `ValueError`."""
    url = URL(text)
    reached = url.path if url.scheme in ("mailto", "tel") else url.host
    if url.scheme not in ("mailto", "tel", "https") or not reached or not text.isprintable():
        raise ValueError(
            f"{text} is not a contact; write it like mailto:privacy@example.com, tel:+4930123456 "
            "or https://example.com/contact"
        )
    return text
