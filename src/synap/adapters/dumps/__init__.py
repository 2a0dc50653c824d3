"""Memories of other makers, read from the files that those export."""
