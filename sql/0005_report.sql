-- What caged_report may read: no secret, no text that a user typed.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW v_account AS
SELECT id, name, plan, rate_per_minute, max_sandboxes, created_at, disabled_at
FROM account;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW v_key AS
SELECT id, account_id, scope, created_at, expires_at, last_used_at, revoked_at
FROM api_key;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW v_sandbox AS
SELECT id, account_id, host, state, op_id, boot, op_owner, lease_until, template,
	cpus, memory_mb, disk_gb, network_mode, timeout_s, error_code,
	created_at, changed_at, started_at, stopped_at, destroyed_at
FROM sandbox;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW v_transition AS
SELECT seq, sandbox_id, at, from_state, to_state, op_id, actor, reason
FROM sandbox_transition;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW v_run AS
SELECT sandbox_id, account_id, host, boot, cpus, memory_mb, disk_gb,
	started_at, seen_at, ended_at,
	TIMESTAMPDIFF(MICROSECOND, started_at, COALESCE(ended_at, seen_at)) / 1e6 AS seconds
FROM sandbox_run;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW v_exec AS
SELECT id, sandbox_id, account_id, key_id, boot, status, request_id,
	CHAR_LENGTH(command) AS command_chars, cause, exit_code, started_at,
	ended_at, duration_us, stdout_bytes, stderr_bytes, dropped_bytes, error_code
FROM exec;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW v_host AS
SELECT name, seen_at, vmctl_seen_at, driver, accel, vmm_version, host_kernel,
	cpus, memory_bytes, memory_available_bytes, disk_free_bytes, vms
FROM host;
