"""Low-Latency HLS (RFC 8216bis), made to be served by any HTTP cache."""
