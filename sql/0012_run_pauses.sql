-- A boot may have several runs: one up to each pause.
ALTER TABLE sandbox_run
	DROP KEY sandbox_run_boot,
	ADD KEY sandbox_run_boot (sandbox_id, boot);
