"""What has more than one maker: protocols for the embedder and the clock."""
