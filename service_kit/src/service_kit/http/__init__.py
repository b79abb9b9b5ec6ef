"""HTTP for every service: one kind of app, one shape of error, one shape of list."""

from service_kit.http.app import create_app, worker_app
from service_kit.http.limits import Limits
from service_kit.http.paging import NoQuery, Page, PageQuery
from service_kit.http.problem import InvalidValueError, NotFound, Problem
from service_kit.http.server import HttpServer, PortTakenError
from service_kit.http.settings import HttpSettings

__all__ = [
    "HttpServer",
    "HttpSettings",
    "InvalidValueError",
    "Limits",
    "NoQuery",
    "NotFound",
    "Page",
    "PageQuery",
    "PortTakenError",
    "Problem",
    "create_app",
    "worker_app",
]
