"""How gunicorn serves this service: `python -m gunicorn -c python:user_team.gunicorn user_team.wsgi`."""

from prometheus_client import start_http_server

from user_team import environment, logs
from user_team.metrics import REGISTRY

_host = environment.text("API_HOST", "127.0.0.1")
_metrics_port = environment.number("USER_TEAM_METRICS_PORT", 8100)

bind = f"{_host}:{environment.number('USER_TEAM_PORT', 8000)}"
worker_class = "gthread"
# One process: the metrics, the sign-in's lock-out and the port of the metrics are its own.
workers = 1
threads = 8
# A confirmed import of the largest allowed file finishes well within this.
timeout = 120
graceful_timeout = 10
control_socket_disable = True  # it would be one file in the home directory for all copies
logconfig_dict = logs.configuration()


def post_worker_init(_worker: object) -> None:
    """Serve metrics on a port of their own: the admin's is public.

    Raises:
        OSError: the port is taken; the process ends.
    """
    from user_team.pipeline.metrics import CaptureCollector  # noqa: PLC0415 - Django is set up only now

    REGISTRY.register(CaptureCollector())
    try:
        start_http_server(_metrics_port, _host, registry=REGISTRY)
    except OSError as error:
        place = f"{_host}:{_metrics_port} (USER_TEAM_METRICS_PORT)"
        raise OSError(f"cannot listen on {place}: {error}") from error
