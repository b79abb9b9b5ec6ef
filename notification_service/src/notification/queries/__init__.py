"""All SQL of the notifier. Nothing here commits."""
