"""One attempt at a Task: an agent's loop, from what it is told first to what it leaves."""
