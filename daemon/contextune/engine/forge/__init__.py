"""Issues and pull requests of Runs: what should be there, what it says, and how it gets there."""
