"""GitHub, through PyGithub in threads of its own: sign-in, issues, pull requests."""
