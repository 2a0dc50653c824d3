"""What things are and the rules they obey, with no input or output: scopes, memories, documents, contexts."""
