# shellcheck shell=bash
# A private MariaDB on a Unix socket, without TCP, as a user of its own. Source
# common.sh first. Everything lies below one directory:
#
#	DIR/data/  the server's files      DIR/mysql.sock  root comes in by its uid
#	DIR/log.err                        DIR/pid, DIR/tmp/
#
# root@localhost is authenticated by the socket's peer, as every user is.

DB_USER=caged-db

# db_init DIR: makes the user, the directory and the system tables; what is
# there already stays.
db_init() {
	local dir=$1
	need_user "$DB_USER"
	as_root install -d -m 0755 -o "$DB_USER" -g "$DB_USER" -- "$dir"
	as_root install -d -m 0700 -o "$DB_USER" -g "$DB_USER" -- "$dir/tmp"
	! as_root test -e "$dir/data/.ready" || return 0
	remove_dir "$dir/data" && mkdir -p -- "$CAGED_CACHE/log"
	as_root mariadb-install-db --no-defaults --user="$DB_USER" \
		--datadir="$dir/data" --tmpdir="$dir/tmp" \
		--auth-root-authentication-method=socket \
		--auth-root-socket-user=root --skip-test-db --skip-name-resolve \
		--cross-bootstrap >"$CAGED_CACHE/log/mariadb-install.log" 2>&1 ||
		die "mariadb-install-db failed: $CAGED_CACHE/log/mariadb-install.log"
	as_root touch -- "$dir/data/.ready"
}

# db_start DIR: in the background, durable (a commit is on disk). Keeps neither
# the caller's terminal, pipes nor lock (fd 9).
db_start() {
	local dir=$1
	db_running "$dir" && return 0
	as_root setsid --fork mariadbd --no-defaults --user="$DB_USER" \
		--datadir="$dir/data" --tmpdir="$dir/tmp" \
		--socket="$dir/mysql.sock" --pid-file="$dir/pid" \
		--log-error="$dir/log.err" \
		--skip-networking --skip-name-resolve \
		--character-set-server=utf8mb4 --collation-server=utf8mb4_bin \
		--innodb-buffer-pool-size=64M --innodb-log-file-size=64M \
		--innodb-flush-log-at-trx-commit=1 --max-connections=200 \
		--key-buffer-size=1M --performance-schema=off \
		</dev/null >/dev/null 2>&1 9>&-
}

# The pid of the server of DIR, nothing when it does not run. The pid file
# outlives a killed server, so the process must have our socket in its arguments.
db_pid() {
	local dir=$1 pid
	pid=$(as_root cat -- "$dir/pid" 2>/dev/null) || return 0
	as_root grep -qzFx -- "--socket=$dir/mysql.sock" "/proc/$pid/cmdline" \
		2>/dev/null && printf '%s\n' "$pid"
	return 0
}

db_running() {
	[ -n "$(db_pid "$1")" ]
}

# db_wait DIR [SECONDS]: until it answers.
db_wait() {
	local dir=$1 until=$((SECONDS + ${2:-30}))
	until as_root mariadb-admin --no-defaults --socket="$dir/mysql.sock" \
		ping >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$until" ] ||
			die "MariaDB does not answer; its log is $dir/log.err"
		sleep 0.1
	done
}

# db_stop DIR [SECONDS]: a clean stop, then SIGKILL.
db_stop() {
	local dir=$1 until=$((SECONDS + ${2:-20})) pid
	pid=$(db_pid "$dir")
	[ -n "$pid" ] || return 0
	as_root kill -TERM "$pid"
	while [ -n "$(db_pid "$dir")" ]; do
		[ "$SECONDS" -lt "$until" ] || as_root kill -KILL "$pid"
		sleep 0.1
	done
}
