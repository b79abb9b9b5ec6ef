"""Health pages: `live` says that the process answers, `ready` that it does its job."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from service_kit.health import Health, HealthReport
from service_kit.http.paging import NoQuery


def health_router(health: Health) -> APIRouter:
    """/health/live, /health/ready and /metrics."""
    router = APIRouter(include_in_schema=False)

    @router.get("/health/live")
    async def live(_query: Annotated[NoQuery, Query()]) -> HealthReport:
        return HealthReport(status="ok")

    @router.get("/health/ready")
    async def ready(response: Response, _query: Annotated[NoQuery, Query()]) -> HealthReport:
        report = await health.ready()
        if report.status != "ok":
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return report

    @router.get("/metrics")
    async def metrics() -> Response:
        # Asked anew: whether it is ready must not be as old as the last probe.
        await health.ready()
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
