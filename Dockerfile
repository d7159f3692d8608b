# Two stages: the first installs what the lock file names, by its hashes; the second takes that and nothing else.

FROM python:3.13-slim AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/tocsin
ENV PATH=/opt/tocsin/bin:$PATH
WORKDIR /source
# The libraries first: this layer is built anew only when the lock file changes.
COPY requirements/run.txt requirements/
RUN pip install --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY service service
RUN pip install --no-deps --no-build-isolation . \
 && pip uninstall --yes hatchling editables trove-classifiers pip

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Tocsin" \
      org.opencontainers.image.description="Watches news feeds and rings when a rule matches" \
      org.opencontainers.image.licenses="Apache-2.0"
# A volume takes its owner from the directory that it first covers.
RUN groupadd --gid 10001 tocsin \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin tocsin \
 && install --directory --owner=10001 --group=10001 --mode=0750 /data \
 && install --directory /config
COPY --from=builder /opt/tocsin /opt/tocsin
ENV PATH=/opt/tocsin/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TOCSIN_CONFIG=/config \
    TOCSIN_DATABASE_URL=sqlite:////data/tocsin.db
WORKDIR /data
VOLUME /data
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["tocsin", "healthcheck"]
ENTRYPOINT ["tocsin"]
CMD ["run"]
