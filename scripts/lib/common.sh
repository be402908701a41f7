# shellcheck shell=bash
# Shared by every script here: source it first. It sets the strict shell
# options, so a command that fails unexpectedly ends the script.
set -euo pipefail

CAGED_ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
CAGED_CACHE=$(realpath -m -- "${CAGED_CACHE:-$CAGED_ROOT/build/cache}")
export CAGED_ROOT CAGED_CACHE

say() {
	printf '%s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# Progress, with the seconds since the script started.
step() {
	printf '[%4ds] %s\n' "$SECONDS" "$*"
}

# Proxy settings have to survive sudo, or a download that works for the user
# fails for root.
as_root() {
	local keep=http_proxy,https_proxy,ftp_proxy,no_proxy
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo --preserve-env="$keep,${keep^^}" -- "$@"
	else
		say "root is needed for '$1', and there is no sudo: run this as root" >&2
		return 1
	fi
}

# The ticker watches its parent, so that it ends with a killed script, and
# keeps neither the caller's pipe nor its lock (fd 9) open in sleep.
_ticker() {
	local parent=$1 text=$2
	while sleep 15 >/dev/null 2>&1 9>&-; do
		kill -0 "$parent" 2>/dev/null || exit 0
		step "$text: still working"
	done
}

# run_logged LOG CMD...: a long command with its output in LOG. Returns only
# when it succeeded.
run_logged() {
	local log=$1 ticker rc=0
	shift
	mkdir -p -- "$(dirname -- "$log")"
	_ticker $$ "${1##*/}" &
	ticker=$!
	"$@" >"$log" 2>&1 || rc=$?
	kill "$ticker" 2>/dev/null || true
	wait "$ticker" 2>/dev/null || true
	[ "$rc" -ne 0 ] || return 0
	tail -n 20 -- "$log" >&2
	die "the last step failed with status $rc; its whole output is in $log"
}

# take_lock NAME: held (fd 9) until this script and all its children end, so
# a build whose parent was killed still keeps the next one out.
take_lock() {
	mkdir -p -- "$CAGED_CACHE/lock"
	exec 9>"$CAGED_CACHE/lock/$1"
	flock -n 9 && return
	say "Another build of $1 is running; waiting for it."
	flock 9
}

# work_dir NAME: empties and prints a scratch directory in the cache. The
# caller holds the lock of NAME, so whatever is in it is of a dead build.
work_dir() {
	local dir=$CAGED_CACHE/tmp/$1
	remove_dir "$dir" && mkdir -p -- "$dir"
	printf '%s\n' "$dir"
}

# Never crosses into another file system: a leftover mount must not be emptied.
remove_dir() {
	rm -rf --one-file-system -- "$1" 2>/dev/null ||
		as_root rm -rf --one-file-system -- "$1"
}

# replace_dir NEW OLD: readers see all of one or all of the other; both lie in
# the cache. What OLD held goes to the scratch directory beside NEW.
replace_dir() {
	local new=$1 old=$2
	mkdir -p -- "$(dirname -- "$old")"
	sync -f "$new"
	[ ! -e "$old" ] || mv -T -- "$old" "$new.old"
	mv -T -- "$new" "$old"
	remove_dir "$new.old"
}

_missing_packages() {
	local pkg
	for pkg in "$@"; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$pkg" 2>/dev/null) in
		installed) ;;
		*) printf '%s\n' "$pkg" ;;
		esac
	done
}

# Runs as root in a shell of its own, which is why it holds everything it
# needs. A policy-rc.d that says 101 keeps services from being started; one
# that is there already belongs to the machine, unless it carries our mark
# (an installation of ours was killed).
_install_packages() {
	set -eu
	local policy=/usr/sbin/policy-rc.d mark='# caged: temporary'
	local apt=(apt-get -y -q -o DPkg::Lock::Timeout=600)
	export DEBIAN_FRONTEND=noninteractive
	exec 8>/run/lock/caged-packages
	flock 8
	if [ ! -e "$policy" ] || grep -qsF "$mark" "$policy"; then
		# shellcheck disable=SC2064  # the name is wanted as it is now
		trap "rm -f '$policy'" EXIT
		trap 'exit 1' HUP INT TERM
		printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
		chmod 755 "$policy"
	fi
	# Old package lists name versions that mirrors no longer carry: when
	# the first attempt fails, refresh them and try once more.
	"${apt[@]}" install --no-install-recommends "$@" 8>&- && return
	"${apt[@]}" update 8>&-
	"${apt[@]}" install --no-install-recommends "$@" 8>&-
}

# Touches the network only when a package is missing.
need_packages() {
	local missing log=$CAGED_CACHE/log/packages.log
	mapfile -t missing < <(_missing_packages "$@")
	[ "${#missing[@]}" -gt 0 ] || return 0
	step "Installing packages: ${missing[*]}"
	run_logged "$log" as_root bash -c \
		"$(declare -f _install_packages); _install_packages \"\$@\"" \
		install "${missing[@]}"
}

need_group() {
	getent group "$1" >/dev/null || as_root groupadd --system -- "$1"
}

# A system user with a group of the same name, no home and no shell.
need_user() {
	need_group "$1"
	getent passwd "$1" >/dev/null && return
	as_root useradd --system --gid "$1" --no-create-home \
		--home-dir /nonexistent --shell /usr/sbin/nologin -- "$1"
}
