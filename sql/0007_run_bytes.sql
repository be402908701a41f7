-- What a sandbox sent and received in a run, as its host counted.
ALTER TABLE sandbox_run
	ADD COLUMN /*M! IF NOT EXISTS */ sent_bytes BIGINT NOT NULL DEFAULT 0,
	ADD COLUMN /*M! IF NOT EXISTS */ received_bytes BIGINT NOT NULL DEFAULT 0;
