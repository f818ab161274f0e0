"""Quotes: the Plan of a Run and its price, before a cent is spent."""
