# The server in a container: two stages, an unprivileged user, a health check.
#
#   docker build -t lodestock .
#   docker run -p 50051:50051 -v "$PWD/secrets:/run/lodestock:ro" -e LODESTOCK_TOKEN lodestock
#
# The server refuses any address but loopback without TLS and a token, so the container needs a certificate and a key in
# /run/lodestock (server.pem, server.key, and ca.pem for the health check) and LODESTOCK_TOKEN in its environment.

FROM python:3.11-slim AS build
WORKDIR /source
RUN python -m venv /opt/lodestock
# The locked packages change seldom and the code often, so they are layers of their own.
COPY requirements-server.lock .
RUN /opt/lodestock/bin/pip install --no-cache-dir --require-hashes -r requirements-server.lock
COPY pyproject.toml README.md LICENSE ./
COPY clients clients
COPY forecasters forecasters
COPY optimizers optimizers
COPY services services
RUN python -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir hatchling \
    && /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels ./clients . \
    && /opt/lodestock/bin/pip install --no-cache-dir --no-deps /wheels/*.whl

FROM python:3.11-slim
COPY --from=build /opt/lodestock /opt/lodestock
RUN useradd --system --uid 10001 --no-create-home lodestock
USER 10001
ENV PATH=/opt/lodestock/bin:$PATH \
    LODESTOCK_HOST=0.0.0.0 \
    LODESTOCK_PORT=50051 \
    LODESTOCK_TLS_CERTIFICATE_FILE=/run/lodestock/server.pem \
    LODESTOCK_TLS_KEY_FILE=/run/lodestock/server.key \
    LODESTOCK_CA_FILE=/run/lodestock/ca.pem
EXPOSE 50051
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["lodestock", "health", "--address", "localhost:50051"]
ENTRYPOINT ["lodestock-server"]
CMD ["serve"]
