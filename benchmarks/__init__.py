"""Measured speed, as ratios against bare comparisons: `python -m benchmarks.run`."""
