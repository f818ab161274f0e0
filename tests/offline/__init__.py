"""The offline model is tested through the real SDK, on loopback, with a clock that stands still."""
