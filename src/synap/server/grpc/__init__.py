"""The gRPC door: streams on which turns come in, and acknowledgements and foreseen context go out."""
