"""The reference cloud: the endpoint that a device polls, and the page that viewers open."""
