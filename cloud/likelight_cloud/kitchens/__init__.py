"""One kitchen in the cloud's memory: who waits, who watches, what is committed."""
