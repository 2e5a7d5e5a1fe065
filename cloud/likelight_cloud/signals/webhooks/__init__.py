"""Messages to other systems, as Standard Webhooks 1.0 has them."""
