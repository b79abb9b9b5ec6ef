"""Use cases of the meetings, one a file; when they are and how calendars are told, without a database."""
