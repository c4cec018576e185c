-- Whether a backfill writes rows of an equal updated_at, too; --resume goes on in the same way.
ALTER TABLE "clerk"."backfills" ADD COLUMN "refill" BOOLEAN NOT NULL DEFAULT false;

-- The fields that are kept since rows were written without them, until a backfill fills these rows.
ALTER TABLE "clerk"."deployment" ADD COLUMN "unfilled" TEXT[] DEFAULT ARRAY[]::TEXT[];
