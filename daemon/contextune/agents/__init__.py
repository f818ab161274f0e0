"""What thinks: the loop, the tools, the orchestrator and the roles they play."""
