# Magpie's image, built where images can be pulled: docker build -t magpie .
# Without a registry: make image (deploy/magpie.Dockerfile). Both work with and
# without BuildKit, and give the same image: the static binary, the roots for
# TLS, and a folder for data. Time zones are in the binary.
FROM golang:1.26 AS build
WORKDIR /src
COPY events events
COPY libs libs
COPY services services
ARG VERSION=dev
RUN cd services && CGO_ENABLED=0 GOWORK=off GOFLAGS=-trimpath \
    go build -ldflags "-s -w -X main.version=${VERSION}" -o /image/magpie ./cmd/magpie \
 && mkdir -p /image/etc/ssl/certs /image/data \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
 && chown 65532:65532 /image/data && chmod 700 /image/data

FROM scratch
COPY --from=build /image/ /
# "nonroot" by custom. A number, so that Kubernetes can see that it isn't root.
USER 65532:65532
# The default nats.store, ./data, is this; nothing else is written to.
VOLUME /data
ENTRYPOINT ["/magpie"]
CMD ["up"]
