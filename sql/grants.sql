-- The least that each daemon needs for its statements in app/store/stmts.def.
-- Applied by every migrate; taking a privilege away is a numbered migration.

-- caged-api: authenticates, creates, begins destroys, reads.
GRANT SELECT, UPDATE (lock_seq) ON account TO 'caged-api'@'localhost';
GRANT SELECT, INSERT, UPDATE (last_used_at, revoked_at) ON api_key
	TO 'caged-api'@'localhost';
GRANT SELECT, INSERT, UPDATE (state, op_id, op_owner, lease_until, error_code,
	error_message, changed_at, started_at, stopped_at, destroyed_at,
	pause_reason, active_at, name, metadata, timeout_s,
	network_mode, allowlist, ip) ON sandbox TO 'caged-api'@'localhost';
GRANT SELECT (sandbox_id), INSERT, DELETE ON sandbox_plan TO 'caged-api'@'localhost';
GRANT SELECT, INSERT ON sandbox_transition TO 'caged-api'@'localhost';
GRANT SELECT, UPDATE (ended_at) ON sandbox_run TO 'caged-api'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO 'caged-api'@'localhost';
GRANT SELECT, UPDATE (status, ended_at) ON exec TO 'caged-api'@'localhost';
GRANT SELECT ON exec_output TO 'caged-api'@'localhost';

-- caged-gateway: claims sandboxes, keeps execs; no account, no key.
GRANT SELECT, UPDATE (state, op_id, op_owner, lease_until, error_code,
	error_message, changed_at, started_at, stopped_at, destroyed_at,
	pause_reason, provision) ON sandbox TO 'caged-gateway'@'localhost';
GRANT SELECT, DELETE ON sandbox_plan TO 'caged-gateway'@'localhost';
GRANT INSERT ON sandbox_transition TO 'caged-gateway'@'localhost';
GRANT SELECT, INSERT, UPDATE (ended_at) ON sandbox_run
	TO 'caged-gateway'@'localhost';
GRANT SELECT (account_id, idem_key, resource_id, status), UPDATE (status,
	problem_code, problem_message, problem_field)
	ON idempotency TO 'caged-gateway'@'localhost';
GRANT SELECT, INSERT, UPDATE (status, cause, exit_code, ended_at,
	duration_us, stdout_bytes, stderr_bytes, dropped_bytes, error_code,
	error_message) ON exec TO 'caged-gateway'@'localhost';
GRANT SELECT, INSERT, DELETE ON exec_output
	TO 'caged-gateway'@'localhost';

-- caged-keeper: mends states, deletes what is old; reads no plan, no command.
GRANT SELECT, UPDATE (state, op_id, op_owner, lease_until, error_code,
	error_message, changed_at, started_at, stopped_at, destroyed_at,
	pause_reason, ip), DELETE
	ON sandbox TO 'caged-keeper'@'localhost';
GRANT SELECT (sandbox_id), DELETE ON sandbox_plan TO 'caged-keeper'@'localhost';
GRANT INSERT ON sandbox_transition TO 'caged-keeper'@'localhost';
GRANT SELECT, UPDATE (seen_at, ended_at, sent_bytes, received_bytes), DELETE
	ON sandbox_run
	TO 'caged-keeper'@'localhost';
GRANT SELECT (resource_id, status, created_at), UPDATE (status, problem_code,
	problem_message, problem_field), DELETE
	ON idempotency TO 'caged-keeper'@'localhost';
GRANT SELECT (id, sandbox_id, status, started_at), UPDATE (status, ended_at),
	DELETE ON exec TO 'caged-keeper'@'localhost';
GRANT SELECT, INSERT, UPDATE ON host TO 'caged-keeper'@'localhost';
GRANT EXECUTE ON PROCEDURE exec_output_roll TO 'caged-keeper'@'localhost';

-- caged_report: the views.
GRANT SELECT ON v_account TO 'caged_report'@'localhost';
GRANT SELECT ON v_key TO 'caged_report'@'localhost';
GRANT SELECT ON v_sandbox TO 'caged_report'@'localhost';
GRANT SELECT ON v_transition TO 'caged_report'@'localhost';
GRANT SELECT ON v_run TO 'caged_report'@'localhost';
GRANT SELECT ON v_exec TO 'caged_report'@'localhost';
GRANT SELECT ON v_host TO 'caged_report'@'localhost';
