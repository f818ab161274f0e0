"""The Radar: overlap of work that is still going on."""
