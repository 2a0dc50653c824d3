"""Embeddings from any server that speaks the OpenAI embeddings protocol."""
