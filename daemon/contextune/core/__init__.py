"""Pure words and rules of the product: no I/O, no clock of its own, no SDK, no LSP."""
