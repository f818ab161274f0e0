"""Tests of the benchmarks: that they measure what they say, on small jobs."""
