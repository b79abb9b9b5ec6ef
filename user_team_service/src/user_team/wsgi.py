"""What gunicorn serves: `python -m gunicorn -c python:user_team.gunicorn user_team.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "user_team.settings")

application = get_wsgi_application()
