"""The main job shown on a running stack: a company is imported and changed, and everything is counted.

The demo is an outsider. It signs in to the admin over HTTP as a browser does, and asks the task service, the
notifier and the mail catcher by REST; it reads no database and no topic, and imports no service.
"""
