"""Shared plumbing of the services. There is no business word in it, and it imports no service."""
