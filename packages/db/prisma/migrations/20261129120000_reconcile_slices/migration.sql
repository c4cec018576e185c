-- How far a reconcile is that works in slices; null for one that is done in one piece.
ALTER TABLE clerk.reconcile_runs ADD COLUMN slice JSONB;
