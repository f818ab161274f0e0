"""What touches the world: git, SQLite, Anthropic, the file system, the OS."""
