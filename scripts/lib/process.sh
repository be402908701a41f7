# shellcheck shell=bash
# Daemons of a stack: started in sessions of their own, remembered as "pid
# start-time", so that a pid used again by a stranger is never signalled.
# PID_DIR and LOG_DIR name the folders.

# The 22nd field of stat; the name before it may hold blanks.
_start_time() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	stat=${stat##*) }
	# shellcheck disable=SC2086  # words are wanted
	set -- $stat
	[ "$1" != Z ] || return 1
	printf '%s\n' "${20}"
}

# proc_pid NAME: prints the pid of the running daemon, or fails.
proc_pid() {
	local pid started
	read -r pid started 2>/dev/null <"$PID_DIR/$1.pid" || return 1
	[ "$(_start_time "$pid")" = "$started" ] || return 1
	printf '%s\n' "$pid"
}

# proc_start NAME CMD...: returns at once; output goes to LOG_DIR/NAME.log.
proc_start() {
	local name=$1 pid started
	shift
	setsid "$@" </dev/null >>"$LOG_DIR/$name.log" 2>&1 9>&- &
	pid=$!
	started=$(_start_time "$pid") || started=0
	printf '%s %s\n' "$pid" "$started" >"$PID_DIR/$name.pid.new"
	mv -- "$PID_DIR/$name.pid.new" "$PID_DIR/$name.pid"
	disown "$pid" 2>/dev/null || true
}

# proc_stop NAME [SECONDS]: SIGTERM, and SIGKILL when that was not enough.
proc_stop() {
	local name=$1 pid
	if pid=$(proc_pid "$name"); then
		kill -TERM "$pid" 2>/dev/null || true
		wait_until "${2:-20}" _proc_gone "$name" ||
			kill -KILL "$pid" 2>/dev/null || true
		wait_until 5 _proc_gone "$name" ||
			die "$name (pid $pid) does not end"
	fi
	rm -f -- "$PID_DIR/$name.pid"
}

_proc_gone() {
	! proc_pid "$1" >/dev/null
}

# wait_until SECONDS CMD...: until the command succeeds; fails at the deadline.
wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -le "$end" ] || return 1
		sleep 0.05
	done
}

# proc_wait NAME SECONDS CMD...: until the daemon is ready; when it is not, or
# has ended, the last lines of its log say why.
proc_wait() {
	local name=$1 seconds=$2
	shift 2
	wait_until "$seconds" _ready_or_gone "$name" "$@" || true
	proc_pid "$name" >/dev/null && "$@" && return
	tail -n 20 -- "$LOG_DIR/$name.log" >&2
	die "$name did not become ready; its log is $LOG_DIR/$name.log"
}

_ready_or_gone() {
	local name=$1
	shift
	"$@" || _proc_gone "$name"
}

# A socket somebody listens on: a connection is taken.
socket_answers() {
	[ -S "$1" ] && python3 - "$1" <<-'END' 2>/dev/null
		import socket, sys
		for kind in socket.SOCK_STREAM, socket.SOCK_SEQPACKET:
		    s = socket.socket(socket.AF_UNIX, kind)
		    try:
		        s.connect(sys.argv[1])
		    except OSError:
		        continue
		    sys.exit(0)
		sys.exit(1)
	END
}
