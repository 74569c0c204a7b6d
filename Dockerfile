# The server, or a worker of its jobs, in a container: two stages, an unprivileged user, a health check.
#
#   docker build -t lodestock .
#   docker run --init --stop-timeout 40 -p 50051:50051 -v "$PWD/secrets:/run/lodestock:ro" -v lodestock:/var/lib/lodestock \
#     -e LODESTOCK_TOKEN lodestock
#
# The server refuses any address but loopback without TLS and a token. So the container needs LODESTOCK_TOKEN (16 characters
# or more) and, readable by user 10001, in /run/lodestock: server.pem and server.key, its certificate (for the name localhost
# too, which the health check calls it by) and key, and ca.pem, the authority that signed it. compose.yaml shows how to make
# them. --init gives the container a first process that reaps what a killed worker leaves behind; the stop timeout is longer
# than the 30 seconds that the server gives running calls to end.
#
# A worker on another machine needs the database alone:
#
#   docker run --init --stop-timeout 40 --no-healthcheck -e LODESTOCK_HOST=127.0.0.1 -e LODESTOCK_DATABASE_URL lodestock worker

FROM python:3.11-slim AS build
WORKDIR /source
# pip stays in this stage: the environment that goes into the image has none.
RUN python -m venv --without-pip /opt/lodestock
# The locked packages change seldom and the code often, so they are layers of their own.
COPY requirements-server.lock requirements-build.lock ./
RUN pip --python /opt/lodestock/bin/python install --no-cache-dir --require-hashes -r requirements-server.lock
RUN pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY clients clients
COPY forecasters forecasters
COPY optimizers optimizers
COPY services services
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels ./clients . \
    && pip --python /opt/lodestock/bin/python install --no-cache-dir --no-deps /wheels/*.whl \
    && /opt/lodestock/bin/lodestock-server check-config

FROM python:3.11-slim
COPY --from=build /opt/lodestock /opt/lodestock
RUN useradd --system --uid 10001 --no-create-home lodestock && install --directory --owner lodestock /var/lib/lodestock
USER 10001
WORKDIR /tmp
# Libraries that keep caches look for a home; this user has none.
ENV PATH=/opt/lodestock/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    LODESTOCK_HOST=0.0.0.0 \
    LODESTOCK_PORT=50051 \
    LODESTOCK_DATA_DIR=/var/lib/lodestock \
    LODESTOCK_TLS_CERTIFICATE_FILE=/run/lodestock/server.pem \
    LODESTOCK_TLS_KEY_FILE=/run/lodestock/server.key \
    LODESTOCK_CA_FILE=/run/lodestock/ca.pem
VOLUME /var/lib/lodestock
EXPOSE 50051
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD lodestock health --address "localhost:$LODESTOCK_PORT"
ENTRYPOINT ["lodestock-server"]
CMD ["serve"]
