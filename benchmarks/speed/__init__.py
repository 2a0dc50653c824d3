"""How fast Synap is: latency, throughput and memory, as ratios within one run."""
