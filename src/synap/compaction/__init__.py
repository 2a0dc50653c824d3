"""From a conversation to its compaction and back into a prompt: pure, extractive, every word the speakers' own."""
