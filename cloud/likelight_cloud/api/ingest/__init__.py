"""What comes from tills, shops and social networks, as webhooks."""
