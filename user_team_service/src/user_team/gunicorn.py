"""How gunicorn serves this service: `python -m gunicorn -c python:user_team.gunicorn user_team.wsgi`."""

from user_team import environment, logs

bind = f"{environment.text('API_HOST', '127.0.0.1')}:{environment.number('USER_TEAM_PORT', 8000)}"
worker_class = "gthread"
workers = 1
threads = 8
# A confirmed import of the largest allowed file finishes well within this.
timeout = 120
graceful_timeout = 10
control_socket_disable = True  # it would be one file in the home directory for all copies
logconfig_dict = logs.configuration()
