"""What has more than one maker: protocols for the embedder, the language model and the clock."""
