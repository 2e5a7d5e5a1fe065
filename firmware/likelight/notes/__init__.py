"""Which notes this kitchen has, and whether its panel can show them."""
