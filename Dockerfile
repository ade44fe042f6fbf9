# docs/containers.md says how it is run. Build: docker build --tag stamps-insar .
ARG PYTHON=3.13

# ---------------------------------------------------------------------- the package with compiled kernels
FROM python:${PYTHON}-slim-bookworm AS build

# a compiler of whatever version this Debian has
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*

# portable code; --build-arg CXXFLAGS=-march=native for an image that stays on this machine
ARG CXXFLAGS=""
# plot, report, export and, for programs whose licences allow non-commercial use only: snaphu, triangle
ARG EXTRAS="plot,report,export"

WORKDIR /source
COPY pyproject.toml setup.py MANIFEST.in LICENSE README.md ./
COPY parms parms
COPY stamps stamps
COPY packaging/check_kernels.py /check_kernels.py
RUN STAMPS_CXXFLAGS="${CXXFLAGS}" python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .
WORKDIR /
RUN python -m venv /opt/stamps \
    && wheel="$(echo /wheels/*.whl)" \
    && /opt/stamps/bin/python -m pip install --no-cache-dir "${wheel}[${EXTRAS}]" \
    && /opt/stamps/bin/python /check_kernels.py

# ---------------------------------------------------------------------- what runs
FROM python:${PYTHON}-slim-bookworm

# the threads of the compiled kernels
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin stamps \
    && install --directory --owner=stamps --group=stamps /data

COPY --from=build /opt/stamps /opt/stamps

# everything that is written besides the project goes to /tmp, whoever runs it: MPLCONFIGDIR and caches are taken from HOME, so that under
# Apptainer, whose /tmp is that of all users, they are in the user's own
ENV PATH=/opt/stamps/bin:$PATH \
    HOME=/tmp \
    TMPDIR=/tmp \
    MPLBACKEND=Agg \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUTF8=1

# also with a read-only root file system
VOLUME ["/tmp"]
WORKDIR /data
USER 1000:1000
ENTRYPOINT ["stamps"]
CMD ["--help"]
