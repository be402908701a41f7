-- Why a sandbox is paused, when it will be destroyed, and when its user last
-- said that it is in use.
ALTER TABLE sandbox
	ADD COLUMN /*M! IF NOT EXISTS */ pause_reason VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
	ADD COLUMN /*M! IF NOT EXISTS */ expires_at DATETIME(6) NULL,
	ADD COLUMN /*M! IF NOT EXISTS */ active_at DATETIME(6) NULL,
	ADD KEY /*M! IF NOT EXISTS */ sandbox_host_expires (host, expires_at);
