-- Who runs a reconcile, and the backfill under way: there is one of each at a time, over all processes.
ALTER TABLE "clerk"."reconcile_runs" ADD COLUMN "started_by" TEXT;

CREATE TABLE "clerk"."backfill_runs" (
    "id" TEXT COLLATE "C" NOT NULL,
    "started_by" TEXT,
    "host" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "alive_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "is_complete" BOOLEAN NOT NULL DEFAULT false,
    CONSTRAINT "backfill_runs_pkey" PRIMARY KEY ("id")
);

COMMENT ON TABLE "clerk"."backfill_runs" IS 'The last backfill: who runs it, since when, and whether it read everything.';
