"""Rerankers over HTTP, in the manner of Cohere, Jina or Text Embeddings Inference."""
