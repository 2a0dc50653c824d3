"""The `synap` command, a module per group of commands."""
