"""The whole suite on one machine without Docker: PostgreSQL, Kafka, Connect, mail catcher, services.

Everything comes from Python packages and locked Java archives, lives below one state folder
(``.local`` by default) and is watched by one supervisor process.
"""
