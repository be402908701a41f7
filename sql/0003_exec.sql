-- Execs and their output.

CREATE TABLE IF NOT EXISTS exec (
	seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	sandbox_id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	account_id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	key_id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	boot BIGINT NOT NULL,
	status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	-- For bash -lc, or the argv as JSON.
	command MEDIUMTEXT NOT NULL,
	is_argv BOOLEAN NOT NULL,
	cause VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
	exit_code INT NOT NULL DEFAULT 0,
	started_at DATETIME(6) NOT NULL,
	ended_at DATETIME(6) NULL,
	-- Measured in the guest, from fork to wait.
	duration_us BIGINT NOT NULL DEFAULT 0,
	stdout_bytes BIGINT NOT NULL DEFAULT 0,
	stderr_bytes BIGINT NOT NULL DEFAULT 0,
	dropped_bytes BIGINT NOT NULL DEFAULT 0,
	error_code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
	error_message VARCHAR(512) NOT NULL DEFAULT '',
	PRIMARY KEY (seq),
	UNIQUE KEY exec_id (id),
	KEY exec_sandbox (sandbox_id, seq),
	KEY exec_status (status, sandbox_id),
	KEY exec_started (started_at),
	CONSTRAINT exec_state CHECK (status IN ('running', 'done', 'lost')),
	CONSTRAINT exec_end CHECK ((status = 'running') = (ended_at IS NULL))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- zstd of at most 64 KiB a row. Whole days are dropped, never single rows; so
-- it has no foreign key. p_rest takes what comes when no day was made.
CREATE TABLE IF NOT EXISTS exec_output (
	exec_id VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	-- The day on which the exec started, UTC.
	day DATE NOT NULL,
	chunk_no INT UNSIGNED NOT NULL,
	data MEDIUMBLOB NOT NULL,
	PRIMARY KEY (exec_id, day, chunk_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE COLUMNS (day) (PARTITION p_rest VALUES LESS THAN (MAXVALUE));

DROP PROCEDURE IF EXISTS exec_output_roll;
-- Makes the partitions of today and `ahead` days more, drops those that are
-- more than `keep` days old, and answers how many it made and dropped. A
-- procedure with its definer's rights, so that the keeper needs no DDL; the
-- names that it puts into statements are dates of its own making.
CREATE PROCEDURE exec_output_roll(IN ahead INT, IN keep INT)
	MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
	DECLARE wanted DATE DEFAULT UTC_DATE();
	DECLARE old_name VARCHAR(64);
	DECLARE changed INT DEFAULT 0;
	-- Do not hold up everybody behind a metadata lock.
	SET SESSION lock_wait_timeout = 2;
	IF GET_LOCK(CONCAT(DATABASE(), '.exec_output_roll'), 0) = 1 THEN
		WHILE wanted <= UTC_DATE() + INTERVAL LEAST(ahead, 30) DAY DO
			IF NOT EXISTS (SELECT 1 FROM information_schema.partitions
				       WHERE table_schema = DATABASE()
				       AND table_name = 'exec_output'
				       AND partition_name = DATE_FORMAT(wanted, 'p%Y%m%d')) THEN
				SET @exec_output_roll = CONCAT(
					'ALTER TABLE exec_output REORGANIZE PARTITION p_rest INTO (PARTITION ',
					DATE_FORMAT(wanted, 'p%Y%m%d'), ' VALUES LESS THAN (''',
					wanted + INTERVAL 1 DAY,
					'''), PARTITION p_rest VALUES LESS THAN (MAXVALUE))');
				PREPARE roll FROM @exec_output_roll;
				EXECUTE roll;
				DEALLOCATE PREPARE roll;
				SET changed = changed + 1;
			END IF;
			SET wanted = wanted + INTERVAL 1 DAY;
		END WHILE;
		SELECT MIN(partition_name) INTO old_name FROM information_schema.partitions
			WHERE table_schema = DATABASE() AND table_name = 'exec_output'
			AND partition_name LIKE 'p2%'
			AND partition_name < DATE_FORMAT(UTC_DATE() - INTERVAL keep DAY, 'p%Y%m%d');
		IF old_name IS NOT NULL THEN
			SET @exec_output_roll = CONCAT('ALTER TABLE exec_output DROP PARTITION ', old_name);
			PREPARE roll FROM @exec_output_roll;
			EXECUTE roll;
			DEALLOCATE PREPARE roll;
			SET changed = changed + 1;
		END IF;
		DO RELEASE_LOCK(CONCAT(DATABASE(), '.exec_output_roll'));
	END IF;
	SELECT changed;
END;
