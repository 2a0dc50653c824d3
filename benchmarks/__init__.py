"""What Synap is measured by: `python -m benchmarks.speed`, `python -m benchmarks.quality`."""
