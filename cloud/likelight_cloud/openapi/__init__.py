"""The contract as an OpenAPI document, made of what the addresses declare, and as a page."""
