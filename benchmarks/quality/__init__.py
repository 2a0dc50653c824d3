"""How well memories are extracted, found and settled. Data paths are arguments: no data is shipped."""
