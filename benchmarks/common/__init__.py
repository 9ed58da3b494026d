"""What the benchmarks share: processes that take turns, medians with their spread, tables."""
