-- What the reading of Clerk's Backend API keeps of itself; nothing in here is of Clerk.

-- One row: when the next request of any process may go out.
CREATE TABLE "clerk"."api_pace" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "next_at" TIMESTAMPTZ(6) NOT NULL,
    CONSTRAINT "api_pace_pkey" PRIMARY KEY ("id")
);

-- One row: what the worker keeps and what a deletion does, and whose data this is.
CREATE TABLE "clerk"."deployment" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "settings" JSONB,
    "instance_id" TEXT COLLATE "C",
    CONSTRAINT "deployment_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "clerk"."backfills" (
    "entity" TEXT COLLATE "C" NOT NULL,
    "position" JSONB,
    "counts" JSONB NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    CONSTRAINT "backfills_pkey" PRIMARY KEY ("entity")
);

CREATE TABLE "clerk"."reconcile_runs" (
    "id" TEXT COLLATE "C" NOT NULL,
    "repair" BOOLEAN NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "alive_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "drift" JSONB,
    CONSTRAINT "reconcile_runs_pkey" PRIMARY KEY ("id")
);

-- Emptied at the end of a run. A crash of the server may empty it, too: the run fails then.
CREATE UNLOGGED TABLE "clerk"."reconcile_items" (
    "run_id" TEXT COLLATE "C" NOT NULL,
    "entity" TEXT COLLATE "C" NOT NULL,
    "id" TEXT COLLATE "C" NOT NULL,
    "drift" TEXT,
    "clerk_updated_at" TIMESTAMPTZ(3),
    CONSTRAINT "reconcile_items_pkey" PRIMARY KEY ("run_id", "entity", "id")
);

COMMENT ON TABLE "clerk"."api_pace" IS 'One row: when the next request to Clerk''s API may go out, over all processes of the deployment.';
COMMENT ON TABLE "clerk"."deployment" IS 'One row: the settings of the worker, which backfill and reconcile keep to, and the Clerk instance that they read.';
COMMENT ON TABLE "clerk"."backfills" IS 'How far the last backfill of each entity came.';
COMMENT ON TABLE "clerk"."reconcile_runs" IS 'The comparisons of Clerk with these tables, and what they found.';
COMMENT ON TABLE "clerk"."reconcile_items" IS 'What the comparison under way has seen in Clerk.';
