"""The operations, a module per noun, and the worker: implements `Api` out of the rooms below."""
