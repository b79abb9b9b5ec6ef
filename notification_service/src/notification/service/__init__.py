"""The use cases, each in its caller's transaction."""
