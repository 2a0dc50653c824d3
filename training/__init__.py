"""What the package's learnt weights are made from: sentences of our own, and the scripts that turn them into weights."""
