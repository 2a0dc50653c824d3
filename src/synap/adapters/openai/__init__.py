"""Embeddings and language models of any server that speaks the OpenAI protocols."""
