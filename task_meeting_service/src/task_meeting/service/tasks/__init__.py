"""Use cases of the tasks, one a file."""
