"""What the operating system provides: the time."""
