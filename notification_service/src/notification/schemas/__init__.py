"""What HTTP carries, a subject a file."""
