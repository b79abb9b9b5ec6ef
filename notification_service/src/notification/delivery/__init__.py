"""The edge to the mail server: who sends what when, over how many connections."""
