# syntax=docker/dockerfile:1
# Portcullis in a small image: the binary, git for fetching, and the certificates and ssh that fetching, and asking GitHub, need.
#
#   docker build -t portcullis .
#   docker run --read-only --tmpfs /tmp -p 8420:8420 -v portcullis:/var/lib/portcullis \
#     -e PORTCULLIS_REMOTE=https://git.example.com/acme/catalog.git portcullis
#
# State lives in /var/lib/portcullis alone, so the root may be read-only. Signatures are verified in the process itself:
# neither gpg nor ssh-keygen is needed. There is no HEALTHCHECK, because whoever runs the container probes /healthz and
# /readyz over http; the image has no program to do it from inside.

FROM rust:1-slim-bookworm AS build
WORKDIR /build
# libgit2, SQLite and the allocator are built from the sources that come with their crates, by the compiler of this image, and make.
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock README.md ./
# Cargo wants every target that the manifest names to be there.
COPY benches benches
COPY src src
COPY examples examples
# What `portcullis explain` says is compiled in.
COPY docs/rules docs/rules
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --bin portcullis && cp target/release/portcullis /portcullis

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="portcullis" \
      org.opencontainers.image.description="A GitOps reconciliation controller for a software catalog" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 portcullis \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/portcullis --no-create-home --shell /usr/sbin/nologin portcullis \
 && install -d -o 10001 -g 10001 -m 0750 /var/lib/portcullis
COPY --from=build /portcullis /usr/local/bin/portcullis
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
ENV HOME=/var/lib/portcullis \
    PORTCULLIS_STORE=/var/lib/portcullis/portcullis.db \
    PORTCULLIS_LISTEN=0.0.0.0:8420
EXPOSE 8420
WORKDIR /var/lib/portcullis
VOLUME /var/lib/portcullis
ENTRYPOINT ["portcullis"]
CMD ["serve"]
