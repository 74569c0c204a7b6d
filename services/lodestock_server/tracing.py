"""Traces: what a call or job spent its time on, across processes and machines, sent to an OpenTelemetry collector.

Off unless an endpoint is set; then spans cost nothing. The context of a trace travels as W3C's traceparent: in a
caller's metadata, with a stored job, into a worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version

from opentelemetry import context, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

SCOPE = "lodestock_server"
CORRELATION_ATTRIBUTE = "lodestock.correlation_id"

_traceparent = TraceContextTextMapPropagator()


def configure_traces(endpoint: str | None, service: str) -> None:
    """Send spans to a collector from now on.

    Args:
        endpoint: Address of its OTLP port over gRPC, such as "http://127.0.0.1:4317"; "https://…" encrypts. None: no
            spans are made.
        service: Name of this kind of process, such as "lodestock-server".
    """
    if endpoint is None:
        return
    # Imported here, since few servers trace, and the exporter takes its time to load.
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({SERVICE_NAME: service, SERVICE_VERSION: version("lodestock-server")})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)


def stop_traces() -> None:
    """Send what has not been sent yet, and stop."""
    shutdown = getattr(trace.get_tracer_provider(), "shutdown", None)
    if shutdown is not None:
        shutdown()


@contextmanager
def span(name: str, **attributes: str | int | float) -> Iterator[Span]:
    """A span around what is done in the `with` statement.

    An exception marks it as failed, without its text, which may hold what the caller sent.
    """
    with _begun(name, SpanKind.INTERNAL, attributes) as current:
        try:
            yield current
        except BaseException as error:
            current.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


@contextmanager
def call_span(method: str, metadata: Mapping[str, str | bytes], correlation_id: str) -> Iterator[Span]:
    """The span of a call, within the caller's trace where its metadata name one.

    Args:
        method: Full name, such as "/lodestock.v1.RiskService/AssessSupplyRisk".
        metadata: Of the call.
        correlation_id: Of the call; an attribute of the span.
    """
    service, _, name = method[1:].partition("/")
    attributes = {
        "rpc.system": "grpc",
        "rpc.service": service,
        "rpc.method": name,
        CORRELATION_ATTRIBUTE: correlation_id,
    }
    with continued(metadata), _begun(method[1:], SpanKind.SERVER, attributes) as current:
        yield current


def end_call(current: Span, code: str, faulty: bool) -> None:
    """Say how a call ended.

    Args:
        current: The call's span.
        code: Name of gRPC's code.
        faulty: Whether it is the server's fault and not the caller's.
    """
    current.set_attribute("rpc.grpc.status", code)
    if faulty:
        current.set_status(Status(StatusCode.ERROR, code))


def _begun(name: str, kind: SpanKind, attributes: Mapping[str, str | int | float]) -> AbstractContextManager[Span]:
    return trace.get_tracer(SCOPE).start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    )


def carrier() -> dict[str, str]:
    """The trace of now, to be continued elsewhere; empty where there is none."""
    carried: dict[str, str] = {}
    _traceparent.inject(carried)
    return carried


@contextmanager
def continued(carried: Mapping[str, str | bytes]) -> Iterator[None]:
    """Go on with a trace that began elsewhere, where `carried` names one.

    Args:
        carried: What `carrier` gave, or a call's metadata.
    """
    texts = {name: value for name, value in carried.items() if isinstance(value, str)}
    before = context.attach(_traceparent.extract(texts))
    try:
        yield
    finally:
        context.detach(before)
