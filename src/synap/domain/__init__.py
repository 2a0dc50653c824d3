"""What things are and the rules they obey: scopes, memories, documents, contexts. Pure: no input or output."""
