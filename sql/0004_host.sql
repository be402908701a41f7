-- Hosts, as their keepers report them.

CREATE TABLE IF NOT EXISTS host (
	name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	-- The keeper's last sign of life, and vmctl's.
	seen_at DATETIME(6) NOT NULL,
	vmctl_seen_at DATETIME(6) NULL,
	driver VARCHAR(16) NOT NULL DEFAULT '',
	accel VARCHAR(8) NOT NULL DEFAULT '',
	vmm_version VARCHAR(64) NOT NULL DEFAULT '',
	host_kernel VARCHAR(128) NOT NULL DEFAULT '',
	cpus INT NOT NULL DEFAULT 0,
	memory_bytes BIGINT NOT NULL DEFAULT 0,
	memory_available_bytes BIGINT NOT NULL DEFAULT 0,
	disk_free_bytes BIGINT NOT NULL DEFAULT 0,
	vms INT NOT NULL DEFAULT 0,
	PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
