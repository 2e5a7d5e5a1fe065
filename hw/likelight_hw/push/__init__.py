"""The camera's stream, copied as it is to a media server, from a process of its own."""
