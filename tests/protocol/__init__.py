"""Tests of the wire and of the conversions to it."""
