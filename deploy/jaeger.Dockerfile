# A stand-in for the official image of jaegertracing/jaeger, for machines that
# can't pull it. Its API is whole; the Go module has no web pages.
FROM scratch
COPY jaeger /jaeger
USER 65532:65532
ENV JAEGER_LISTEN_HOST=0.0.0.0
ENTRYPOINT ["/jaeger"]
