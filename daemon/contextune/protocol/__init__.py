"""The wire: parameters and results of every method, and the one table of them."""
