-- What a sandbox was made with, and what each step of that gave (a JSON array;
-- TEXT, not JSON, as for metadata). NULL: a row from before, or none yet.
ALTER TABLE sandbox
	ADD COLUMN /*M! IF NOT EXISTS */ repo_url VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
	ADD COLUMN /*M! IF NOT EXISTS */ init_script MEDIUMTEXT NULL,
	ADD COLUMN /*M! IF NOT EXISTS */ provision MEDIUMTEXT NULL;
