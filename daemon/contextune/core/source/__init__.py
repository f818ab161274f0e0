"""What source files define, import and use, read from their text."""
