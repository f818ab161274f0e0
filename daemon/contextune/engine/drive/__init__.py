"""The drive of one Run, and what it shares with its Tasks."""
