"""What a skill says of a repository, from its own numbers, without a model."""
