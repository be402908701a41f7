# shellcheck shell=bash
# The account of a development stack and its key, made once.

stack_admin() {
	"$STATE/bin/caged-admin" -c "$STATE/caged.conf" "$@"
}

_key_works() {
	[ -r "$STATE/env" ] || return 1
	stack_api /v1/account -f -o /dev/null 2>/dev/null
}

# account_key NAME: prints a new key of that account, which is made when there
# is none.
account_key() {
	stack_admin account list | cut -f 5 | grep -qxF -- "$1" ||
		stack_admin account create "$1" >/dev/null || return 1
	stack_admin key create "$1" --name "scripts/run"
}

# Written for the shell: `. env` gives the three variables.
account_env() {
	local key
	if ! _key_works; then
		key=$(account_key development) || die "no key could be made"
		(
			umask 077
			printf '%s=%q\n' CAGED_API_URL "$STACK_URL" CAGED_API_KEY \
				"$key" CAGED_CA_FILE "$STATE/ca.pem" >"$STATE/env.new"
		)
		chown "${SUDO_UID:-0}:${SUDO_GID:-0}" "$STATE/env.new"
		mv -- "$STATE/env.new" "$STATE/env"
	fi
	# shellcheck source=/dev/null
	. "$STATE/env"
}
