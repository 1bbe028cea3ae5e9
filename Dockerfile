# syntax=docker/dockerfile:1

FROM python:3.11-slim AS build
# Empty, or "heic" for iPhones' pictures, whose decoder's wheel holds GPL code.
ARG EXTRA=
WORKDIR /src
COPY requirements/build.txt requirements/run.txt requirements/fast.txt requirements/heic.txt requirements/
RUN python -m venv --without-pip /opt/easel \
    && pip install --no-cache-dir --no-compile --no-deps --require-hashes -r requirements/build.txt \
    && pip --python /opt/easel/bin/python install --no-cache-dir --no-compile --no-deps \
        --only-binary :all: --require-hashes -r requirements/run.txt -r requirements/fast.txt \
        ${EXTRA:+-r "requirements/$EXTRA.txt"}
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY cogs cogs
COPY migrations migrations
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --no-index --wheel-dir /wheels . \
    && pip --python /opt/easel/bin/python install --no-cache-dir --no-compile --no-deps --no-index \
        /wheels/*.whl \
    && python -m compileall -q /opt/easel/lib

FROM python:3.11-slim
# The SDK trusts the system's certificates. They should be the newest, so no version is pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 easel \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data easel \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/easel /opt/easel
ENV PATH=/opt/easel/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite+aiosqlite:////data/easel.db \
    HEALTH_PORT=8080
USER 10001:10001
WORKDIR /data
VOLUME /data
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", \
    "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['HEALTH_PORT'] + '/healthz', timeout=4)"]
ENTRYPOINT ["easel"]
CMD ["run"]
