"""The upload: one connection to the cloud's relay while somebody watches there."""
