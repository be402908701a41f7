-- The names that a sandbox of network mode allowlist may reach (a JSON array;
-- NULL: a row from before), and the address by which its host knows it.
ALTER TABLE sandbox
	ADD COLUMN /*M! IF NOT EXISTS */ allowlist TEXT CHARACTER SET ascii COLLATE ascii_bin NULL,
	ADD COLUMN /*M! IF NOT EXISTS */ ip VARCHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '';
