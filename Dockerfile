# SPDX-License-Identifier: Apache-2.0
FROM debian:trixie-slim AS build
WORKDIR /src
# First only what the package list depends on, so that a change of the sources does not install everything again.
COPY deploy/common.sh deploy/packages.sh deploy/
RUN deploy/packages.sh build
COPY . .
RUN deploy/build.sh release outboxd && strip --strip-unneeded build/release/daemon/outboxd

FROM debian:trixie-slim
LABEL org.opencontainers.image.title="outboxd" \
      org.opencontainers.image.description="Outbox dispatcher: Postgres rows to signed Redis Streams entries" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY deploy/common.sh deploy/packages.sh /tmp/deploy/
RUN /tmp/deploy/packages.sh runtime && rm -rf /tmp/deploy /var/lib/apt/lists/* && \
    groupadd --gid 10001 outboxd && \
    useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin outboxd
COPY --from=build /src/build/release/daemon/outboxd /usr/bin/outboxd
# By number: Kubernetes' runAsNonRoot cannot tell what a name stands for.
USER 10001:10001
# Probes and scrapes come from outside the container.
ENV OUTBOXD_HTTP_LISTEN=0.0.0.0:9464
EXPOSE 9464
# There is no curl in the image; bash can speak this much HTTP. Run with --no-healthcheck where http.listen is changed.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9464 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/outboxd"]
CMD ["run"]
