"""Pure rules, tested without a file, a process or a clock."""
