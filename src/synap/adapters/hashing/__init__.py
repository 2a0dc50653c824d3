"""The embedder of last resort: hashed words and character trigrams, no model files, no knowledge of paraphrase."""
