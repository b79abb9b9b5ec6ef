"""Reassigning all open tasks: asked for over HTTP, done in chunks by a process of its own, then proved."""
