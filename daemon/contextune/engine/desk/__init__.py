"""What a person does and reads outside a drive: Todos, review, worktrees, health."""
