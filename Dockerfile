# One image for all processes: the command says which. Node.js runs the TypeScript as it is, so nothing
# is compiled, and the packages of this repository stay out of node_modules, where it would not run.
FROM node:24.21.0-trixie-slim AS build
RUN apt-get update \
  && apt-get install -y --no-install-recommends tini \
  && rm -rf /var/lib/apt/lists/*
ENV CI=true TURBO_TELEMETRY_DISABLED=1
WORKDIR /app
COPY package.json ./
# The versions of the two are those of the repository.
RUN npm install --global \
  $(node -p 'const { packageManager, devDependencies } = require("./package.json"); `${packageManager} turbo@${devDependencies.turbo}`')

# What the processes need of the repository.
FROM build AS pruned
COPY . .
RUN turbo prune @clerk-sync/ingest @clerk-sync/worker @clerk-sync/console clerk-sync-server \
    --docker --production --out-dir /pruned/app

FROM build AS app
COPY --from=pruned /pruned/app/json/ ./
# Optional are the programs of the embedded PostgreSQL: here the database is a server of its own.
RUN pnpm install --frozen-lockfile --ignore-scripts --prod --no-optional
# Source maps and declarations are for editors.
RUN find node_modules/.pnpm -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete
COPY --from=pruned /pruned/app/full/apps/ apps/
COPY --from=pruned /pruned/app/full/packages/ packages/
COPY deploy/healthcheck.js deploy/
# Of what is installed here and nothing else.
RUN pnpm docs:sbom --no-optional

FROM debian:13.7-slim
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin clerk-sync
COPY --from=build /usr/bin/tini-static /usr/bin/tini
COPY --from=build /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
# clerk_sync_build_info tells the version that stands here.
COPY --from=app /app/package.json /app/sbom.cdx.json ./
COPY --from=app /app/node_modules/ node_modules/
COPY --from=app /app/deploy/ deploy/
COPY --from=app /app/packages/ packages/
COPY --from=app /app/apps/ apps/
ENV NODE_ENV=production
# By number: Kubernetes can tell that it is not root.
USER 10001:10001
# Fails here rather than at the first start if a module was left out.
RUN ["node", "-e", "fs.globSync(['apps/{ingest,worker,console}/src/index.ts', 'apps/cli/src/*/*.ts', 'packages/ops/src/tracing/otlp-tracing.ts']).forEach((file) => import(`/app/${file}`))"]
EXPOSE 3000 3001 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "deploy/healthcheck.js"]
# One helper thread of V8 for each process instead of four: where cores are few, those that collect garbage
# keep events waiting.
ENTRYPOINT ["/usr/bin/tini", "--", "node", "--v8-pool-size=1"]
CMD ["apps/cli/src/main.ts", "--help"]
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="clerk-sync" \
  org.opencontainers.image.description="Keeps your own PostgreSQL in step with Clerk" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$REVISION"
