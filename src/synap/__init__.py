"""Synap."""
