"""The memory architecture configuration (MACA) of an instance: what is kept, for how long, and how it is served."""
