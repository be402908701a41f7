-- Accounts and their API keys.

CREATE TABLE IF NOT EXISTS account (
	seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	name VARCHAR(128) NOT NULL,
	plan VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	-- The account's own limits; NULL: its plan's. 0: none.
	rate_per_minute INT NULL,
	max_sandboxes INT NULL,
	-- Raised by every create: the row lock under which sandboxes are counted.
	lock_seq BIGINT UNSIGNED NOT NULL DEFAULT 0,
	created_at DATETIME(6) NOT NULL,
	disabled_at DATETIME(6) NULL,
	PRIMARY KEY (seq),
	UNIQUE KEY account_id (id),
	UNIQUE KEY account_name (name),
	CONSTRAINT account_plan CHECK (plan IN ('free', 'pro', 'team', 'enterprise')),
	CONSTRAINT account_rate CHECK (rate_per_minute >= 0),
	CONSTRAINT account_quota CHECK (max_sandboxes >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS api_key (
	seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	account_id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	-- SHA-256 of the key, which is 256 random bits.
	hash BINARY(32) NOT NULL,
	prefix VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	name VARCHAR(128) NOT NULL,
	scope VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	created_at DATETIME(6) NOT NULL,
	expires_at DATETIME(6) NULL,
	last_used_at DATETIME(6) NULL,
	revoked_at DATETIME(6) NULL,
	PRIMARY KEY (seq),
	UNIQUE KEY api_key_id (id),
	UNIQUE KEY api_key_hash (hash),
	KEY api_key_account (account_id, seq),
	CONSTRAINT api_key_of_account FOREIGN KEY (account_id) REFERENCES account (id),
	CONSTRAINT api_key_scope CHECK (scope IN ('read_only', 'sandbox', 'full'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
