"""What gunicorn serves: `python -m gunicorn -c python:user_team.gunicorn user_team.wsgi`."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from user_team import environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "user_team.settings")

if not environment.text("USER_TEAM_SECRET_KEY"):
    raise ImproperlyConfigured("USER_TEAM_SECRET_KEY is not set: sessions cannot be signed without it.")

application = get_wsgi_application()
