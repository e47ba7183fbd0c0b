# L'application : passerelle, serveur d'actions, travaux de fond, commandes. Se construit depuis la racine du dépôt :
#   docker build --file deploy/Dockerfile.app --tag equipier-app .
# Avec la voix : --build-arg LOCK=deploy/voice.lock
FROM python:3.11-slim-trixie AS build
ARG LOCK=requirements.lock
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1
WORKDIR /app
COPY deploy/uv.lock deploy/uv.lock
RUN python -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --require-hashes --requirement deploy/uv.lock
COPY requirements.lock deploy/voice.lock /locks/
RUN /opt/uv/bin/uv venv /app/.venv \
    && /opt/uv/bin/uv pip sync --require-hashes --python /app/.venv/bin/python "/locks/$(basename "$LOCK")"
COPY pyproject.toml README.md ./
COPY bot bot
COPY actions actions
COPY nlu nlu
COPY stories stories
RUN /opt/uv/bin/uv pip install --no-deps --no-build-isolation --python /app/.venv/bin/python --editable .

FROM python:3.11-slim-trixie
# pg_dump et pg_restore, pour « equipier backup » ; la même version que le serveur de compose.yaml, avec ses correctifs.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin equipier \
    && install --directory --owner equipier --group equipier /var/lib/equipier
COPY --from=build /app /app
# Un dossier, non un secret.
# hadolint ignore=DL3064
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    EQUIPIER_VAR_DIR=/var/lib/equipier \
    EQUIPIER_SECRETS_DIR=/run/secrets \
    EQUIPIER_GATEWAY_HOST=0.0.0.0 \
    EQUIPIER_INTERNAL_HOST=0.0.0.0 \
    EQUIPIER_LOG_JSON=true
WORKDIR /app
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["equipier", "process", "gateway"]
