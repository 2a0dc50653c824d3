"""Ports made real, one folder per maker: `minilm`, `hashing` and `openai` embed texts, `system` tells the time."""
