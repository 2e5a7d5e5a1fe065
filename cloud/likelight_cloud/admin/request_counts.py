"""How many requests were answered, by route and by the first digit of the status."""

from collections import Counter

from aiohttp import web

OTHER = "other"
"""The route of a request for an address that does not exist."""


class RequestCounts:
    """Counts the answers of an app that has `on_prepare` as a signal of `on_response_prepare`.

    An answer counts when its head is sent: a stream at its beginning, not at its end.
    """

    def __init__(self) -> None:
        self.answered: Counter[tuple[str, str]] = Counter()
        """By route, such as /v1/kitchens/{kid}, and status class, such as 2xx."""

    async def on_prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        """Count one answer."""
        resource = request.match_info.route.resource
        route = OTHER if resource is None else resource.canonical
        self.answered[route, f"{response.status // 100}xx"] += 1
