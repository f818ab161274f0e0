"""Issues and pull requests: the port to the server that keeps them, and the events around each write."""
