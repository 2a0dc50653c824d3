"""`Synap`: the same calls in process and over the wire."""
