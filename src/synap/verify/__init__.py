"""What the engine promises, tried on a running installation and held against plain models that share no code with it."""
