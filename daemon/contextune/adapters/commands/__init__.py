"""Commands: run within limits, watched, and ended with all that they started."""
