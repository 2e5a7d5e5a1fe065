"""Whether a client takes gzip (RFC 9110, 12.5.3)."""

from aiohttp import web


def accepts_gzip(request: web.Request) -> bool:
    """Return whether `Accept-Encoding` names gzip, or `*`, with a weight above 0."""
    weights: dict[str, float] = {}
    for value in request.headers.getall("Accept-Encoding", ()):
        for item in value.split(","):
            coding, _, weight = item.partition(";")
            weights[coding.strip().lower()] = _weight(weight)
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weight(parameter: str) -> float:
    """Return the weight in ` q=0.5`; 1 when there is none, 0 for what can't be read."""
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip().lower() == "q" else 0.0
    except ValueError:
        return 0.0
