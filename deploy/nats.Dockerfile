# A stand-in for the official image of nats, for machines that can't pull it.
FROM scratch
COPY nats-server /nats-server
COPY --chown=65532:65532 data /data
USER 65532:65532
VOLUME /data
ENTRYPOINT ["/nats-server"]
CMD ["--config", "/etc/nats/nats.conf"]
