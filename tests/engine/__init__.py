"""What drives, tested with real git, the real Journal and a model server on loopback."""
