"""Where the time of Runs goes, read off their events."""
