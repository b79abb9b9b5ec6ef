"""What gunicorn serves: `python -m gunicorn -c python:user_team.gunicorn user_team.wsgi`."""

import os

import django
from django.core.exceptions import ImproperlyConfigured

from user_team import environment
from user_team.handler import Handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "user_team.settings")

if not environment.text("USER_TEAM_SECRET_KEY"):
    raise ImproperlyConfigured("USER_TEAM_SECRET_KEY is not set: sessions cannot be signed without it.")

django.setup(set_prefix=False)
application = Handler()
