"""What thinks, tested against a model that plays a script."""
