"""What plain words stand for: rules that turn them into a command, without a model."""
