"""Tasks in files: export and import, which undo each other without a difference."""
