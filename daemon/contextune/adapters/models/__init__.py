"""Model servers: Anthropic's and others, their prices and their limits."""
