"""One upload to the relay while somebody watches."""
