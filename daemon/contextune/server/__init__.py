"""The language server: LSP features and contextune/* methods."""
