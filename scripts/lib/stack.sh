# shellcheck shell=bash disable=SC2153  # CAGED_ROOT is of common.sh
# One stack: a state folder, and the daemons that run on it. A script that
# sources this calls stack_use first.

# shellcheck source=scripts/lib/process.sh
. "$CAGED_ROOT/scripts/lib/process.sh"
# shellcheck source=scripts/lib/nginx.sh
. "$CAGED_ROOT/scripts/lib/nginx.sh"
# shellcheck source=scripts/lib/state.sh
. "$CAGED_ROOT/scripts/lib/state.sh"
# shellcheck source=scripts/lib/mariadb.sh
. "$CAGED_ROOT/scripts/lib/mariadb.sh"

STACK_PROGRAMS=(caged-api caged-gateway caged-keeper caged-admin vmctl)
# In the order of starting; stopping goes the other way.
STACK_DAEMONS=(vmctl caged-gateway caged-keeper caged-api nginx)

# stack_use: takes CAGED_STATE, CAGED_PORT and CAGED_VARIANT, or their defaults.
stack_use() {
	CAGED_PORT=${CAGED_PORT:-8443}
	CAGED_VARIANT=${CAGED_VARIANT:-dev}
	STATE_PATH=${CAGED_STATE:-$CAGED_ROOT/build/run}
	STATE=$(state_resolve "$STATE_PATH")
	[[ $CAGED_PORT =~ ^[0-9]{1,5}$ ]] || die "CAGED_PORT is not a port"
	PID_DIR=$STATE/pid LOG_DIR=$STATE/log
	STACK_URL=https://127.0.0.1:$CAGED_PORT
	export CAGED_PORT CAGED_VARIANT
}

stack_build() {
	local dir=$CAGED_ROOT/build/$CAGED_VARIANT log=$CAGED_CACHE/log
	step "Building ($CAGED_VARIANT)"
	run_logged "$log/make-$CAGED_VARIANT.log" \
		make -C "$CAGED_ROOT" -j"$(nproc)" VARIANT="$CAGED_VARIANT" all
	"$CAGED_ROOT/scripts/build-kernel"
	"$CAGED_ROOT/scripts/build-image" minimal
	"$CAGED_ROOT/scripts/build-initramfs" "$dir/bin/caged-agent" \
		"$dir/initramfs.cpio"
}

_command_of() {
	case $1 in
	nginx) printf '%s\n' nginx -g 'daemon off;' -c "$STATE/nginx/nginx.conf" ;;
	*) printf '%s\n' "$STATE/bin/$1" -c "$STATE/caged.conf" ;;
	esac
}

_ready() {
	case $1 in
	vmctl) socket_answers "$STATE/vmctl/vmctl.sock" ;;
	caged-gateway) socket_answers "$STATE/gateway/gateway.sock" ;;
	caged-api) socket_answers "$STATE/api/api.sock" ;;
	caged-keeper) proc_pid caged-keeper >/dev/null ;;
	nginx) _answers healthz ;;
	esac
}

_answers() {
	curl -sf -m 5 -o /dev/null --cacert "$STATE/ca.pem" "$STACK_URL/$1"
}

# A running daemon whose program and configuration are those of now.
_current() {
	local name=$1 pid config=$STATE/caged.conf program=$STATE/bin/$1
	pid=$(proc_pid "$name") || return 1
	if [ "$name" = nginx ]; then
		config=$STATE/nginx program=$(command -v nginx)
	fi
	[ -z "$(find "$config" -type f -newer "$PID_DIR/$name.pid")" ] ||
		return 1
	cmp -s -- "/proc/$pid/exe" "$program"
}

daemon_start() {
	local name=$1 argv
	mapfile -t argv < <(_command_of "$name")
	proc_start "$name" "${argv[@]}"
	proc_wait "$name" 20 _ready "$name"
}

daemon_up() {
	! _current "$1" || return 0
	proc_stop "$1"
	daemon_start "$1"
}

_port_free() {
	proc_pid nginx >/dev/null ||
		! (: <"/dev/tcp/127.0.0.1/$CAGED_PORT") 2>/dev/null ||
		die "port $CAGED_PORT is taken by another program; set CAGED_PORT"
}

stack_start() {
	local name
	state_link "$STATE_PATH" "$STATE"
	state_prepare
	_port_free
	step "Database"
	db_init "$STATE/db"
	db_start "$STATE/db"
	db_wait "$STATE/db"
	"$STATE/bin/caged-admin" -c "$STATE/caged.conf" migrate \
		--sql "$CAGED_ROOT/sql" >/dev/null ||
		die "the database could not be migrated"
	step "Daemons: ${STACK_DAEMONS[*]}"
	for name in "${STACK_DAEMONS[@]}"; do daemon_up "$name"; done
	wait_until 20 _answers readyz || die "not ready: $(
		curl -sS -m 5 --cacert "$STATE/ca.pem" "$STACK_URL/readyz" 2>&1)"
}

_stop_daemons() {
	local i
	for ((i = ${#STACK_DAEMONS[@]} - 1; i >= 0; i--)); do
		[ "${STACK_DAEMONS[i]}" = vmctl ] || proc_stop "${STACK_DAEMONS[i]}"
	done
}

# Restarts the daemons; the VMs run on and are found again.
stack_restart() {
	_stop_daemons
	proc_stop vmctl
	stack_start
}

# Ends the VMs too. The API is asked first, so that the account's sandboxes
# become `destroyed`; what is left then is taken from vmctl.
stack_stop() {
	_destroy_sandboxes
	_stop_daemons
	_destroy_vms
	proc_stop vmctl
	[ ! -d "$STATE/db" ] || db_stop "$STATE/db"
}

_destroy_sandboxes() {
	local id
	[ -r "$STATE/env" ] && _answers healthz || return 0
	for id in $(stack_api /v1/sandboxes | jq -r '.[].id' 2>/dev/null); do
		stack_api "/v1/sandboxes/$id" -X DELETE -o /dev/null || true
	done
}

_destroy_vms() {
	local id
	proc_pid vmctl >/dev/null || return 0
	for id in $(stack_vmctl list | grep -oE 'cage-[a-z0-9]{16}' | sort -u); do
		stack_vmctl destroy "$id" >/dev/null ||
			say "vmctl could not destroy $id" >&2
	done
}

stack_vmctl() {
	"$STATE/bin/vmctl" -c "$STATE/caged.conf" "$@"
}

# stack_api PATH [curl options]: with the key of the env file.
stack_api() {
	local path=$1
	shift
	# shellcheck source=/dev/null
	(. "$STATE/env" && curl -sS -m 120 --cacert "$CAGED_CA_FILE" \
		-H "Authorization: Bearer $CAGED_API_KEY" "$@" \
		"$CAGED_API_URL$path")
}

_pid_of() {
	local pid
	case $1 in
	mariadb) pid=$(db_pid "$STATE/db") && [ -n "$pid" ] && say "$pid" ;;
	*) proc_pid "$1" ;;
	esac
}

stack_status() {
	local name pid rc=0
	for name in mariadb "${STACK_DAEMONS[@]}"; do
		if pid=$(_pid_of "$name"); then
			printf '%-14s running, pid %s\n' "$name" "$pid"
		else
			printf '%-14s not running\n' "$name"
			rc=1
		fi
	done
	[ "$rc" -ne 0 ] || say "$STACK_URL, state in $STATE"
	return "$rc"
}
