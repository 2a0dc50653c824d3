"""The doors: HTTP for now, each of which decodes, calls one operation and encodes."""
