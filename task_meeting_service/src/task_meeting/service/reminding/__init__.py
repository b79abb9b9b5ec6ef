"""Reminding people of what is due."""
