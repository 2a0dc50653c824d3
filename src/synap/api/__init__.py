"""What can be asked: a request and a result type per operation, the `Api` protocol, the wire form."""
