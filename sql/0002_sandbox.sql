-- Sandboxes, what happened to them, and when they ran.

CREATE TABLE IF NOT EXISTS sandbox (
	seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	account_id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	host VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	-- Fences vmctl's operations; boot is the op_id that booted the VMM.
	op_id BIGINT NOT NULL,
	boot BIGINT NOT NULL,
	-- Who works at a transient state, and until when nobody else may.
	op_owner VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
	lease_until DATETIME(6) NULL,
	template VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	cpus INT NOT NULL,
	memory_mb INT NOT NULL,
	disk_gb INT NOT NULL,
	network_mode VARCHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	name VARCHAR(128) NOT NULL,
	-- TEXT, not JSON: MySQL would reorder and respace what the client sent.
	metadata TEXT NOT NULL,
	ports VARCHAR(255) NOT NULL,
	timeout_s INT NOT NULL,
	error_code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
	error_message VARCHAR(512) NOT NULL DEFAULT '',
	created_at DATETIME(6) NOT NULL,
	changed_at DATETIME(6) NOT NULL,
	started_at DATETIME(6) NULL,
	stopped_at DATETIME(6) NULL,
	destroyed_at DATETIME(6) NULL,
	PRIMARY KEY (seq),
	UNIQUE KEY sandbox_id (id),
	KEY sandbox_account (account_id, seq),
	KEY sandbox_account_state (account_id, state, seq),
	KEY sandbox_host_state (host, state, seq),
	KEY sandbox_state_destroyed (state, destroyed_at),
	CONSTRAINT sandbox_of_account FOREIGN KEY (account_id) REFERENCES account (id),
	CONSTRAINT sandbox_state CHECK (state IN
		('creating', 'running', 'error', 'destroying', 'destroyed')),
	CONSTRAINT sandbox_op CHECK (op_id >= 1 AND boot >= 1 AND boot <= op_id),
	CONSTRAINT sandbox_shape CHECK (cpus BETWEEN 1 AND 8
		AND memory_mb BETWEEN 128 AND 8192 AND disk_gb BETWEEN 1 AND 50),
	CONSTRAINT sandbox_timeout CHECK (timeout_s >= 0),
	CONSTRAINT sandbox_metadata CHECK (JSON_VALID(metadata)),
	CONSTRAINT sandbox_ports CHECK (JSON_VALID(ports)),
	CONSTRAINT sandbox_end CHECK ((state = 'destroyed') = (destroyed_at IS NOT NULL))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The environment of a sandbox, encrypted with plan.key; gone at destroy.
CREATE TABLE IF NOT EXISTS sandbox_plan (
	sandbox_id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	ciphertext MEDIUMBLOB NOT NULL,
	PRIMARY KEY (sandbox_id),
	CONSTRAINT sandbox_plan_of FOREIGN KEY (sandbox_id)
		REFERENCES sandbox (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sandbox_transition (
	seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	sandbox_id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	at DATETIME(6) NOT NULL,
	from_state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	to_state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	op_id BIGINT NOT NULL,
	actor VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	reason VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	message VARCHAR(512) NOT NULL,
	PRIMARY KEY (seq),
	KEY sandbox_transition_sandbox (sandbox_id, seq),
	CONSTRAINT sandbox_transition_of FOREIGN KEY (sandbox_id)
		REFERENCES sandbox (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row a boot: what a sandbox is charged for. Outlives the sandbox's row.
CREATE TABLE IF NOT EXISTS sandbox_run (
	seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	sandbox_id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	account_id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	host VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	boot BIGINT NOT NULL,
	cpus INT NOT NULL,
	memory_mb INT NOT NULL,
	disk_gb INT NOT NULL,
	started_at DATETIME(6) NOT NULL,
	seen_at DATETIME(6) NOT NULL,
	ended_at DATETIME(6) NULL,
	PRIMARY KEY (seq),
	UNIQUE KEY sandbox_run_boot (sandbox_id, boot),
	KEY sandbox_run_account (account_id, started_at),
	KEY sandbox_run_ended (ended_at),
	CONSTRAINT sandbox_run_order CHECK (seen_at >= started_at AND ended_at >= started_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What a repeated Idempotency-Key is told; never a body. status NULL: running,
-- or, for a create, what the sandbox's row says.
CREATE TABLE IF NOT EXISTS idempotency (
	account_id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	idem_key VARBINARY(255) NOT NULL,
	request_hash BINARY(32) NOT NULL,
	resource_id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	status INT NULL,
	problem_code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
	problem_message VARCHAR(512) NOT NULL DEFAULT '',
	problem_field VARCHAR(64) NOT NULL DEFAULT '',
	created_at DATETIME(6) NOT NULL,
	lease_until DATETIME(6) NOT NULL,
	PRIMARY KEY (account_id, idem_key),
	KEY idempotency_resource (resource_id),
	KEY idempotency_created (created_at),
	CONSTRAINT idempotency_of_account FOREIGN KEY (account_id) REFERENCES account (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
