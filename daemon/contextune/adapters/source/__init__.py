"""Source text: languages, comments, symbols, and the Todos in it."""
