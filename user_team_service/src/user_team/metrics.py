"""What this service exports, in a registry of its own; `pipeline.metrics` adds change capture."""

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    CollectorRegistry,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

# A second series for each counter: nobody asks when it began.
disable_created_metrics()
REGISTRY = CollectorRegistry(auto_describe=True)
REGISTRY.register(PLATFORM_COLLECTOR)
REGISTRY.register(GC_COLLECTOR)
ProcessCollector(registry=REGISTRY)

# The name, labels and buckets of the other services: one dashboard serves all.
HTTP_REQUEST_SECONDS = Histogram(
    "http_request_seconds",
    "From a request's arrival to the end of its answer, by the route's template.",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
