"""All SQL of the notifier. Nothing here commits.

Whoever locks several mails locks first what waits, then what digests bring, each by their ids: so nobody
waits in a circle. Senders and choices pass over what waits and is locked by somebody.
"""
