"""From an intent to an accepted mail: texts, the message, and the SMTP connection. Knows no database."""
