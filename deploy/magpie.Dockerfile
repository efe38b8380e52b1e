# Magpie's image around a binary that is built already; `make image` fills the
# context. The same image as the Dockerfile at the root makes.
FROM scratch
COPY magpie /magpie
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --chown=65532:65532 data /data
USER 65532:65532
VOLUME /data
ENTRYPOINT ["/magpie"]
CMD ["up"]
