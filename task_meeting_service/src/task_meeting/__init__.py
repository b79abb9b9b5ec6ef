"""Tasks and meetings: follows the assignments into its own database and serves people, teams, projects."""
