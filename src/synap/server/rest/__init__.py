"""The REST door: routes over the `Api`, with one error body everywhere."""
