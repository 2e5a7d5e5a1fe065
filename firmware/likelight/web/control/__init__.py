"""Commands to a running daemon: JSON over HTTP on a unix socket, never on the network."""
