# shellcheck shell=bash
# The account of a development stack and its key, made once.

stack_admin() {
	"$STATE/bin/caged-admin" -c "$STATE/caged.conf" "$@"
}

_key_works() {
	[ -r "$STATE/env" ] || return 1
	stack_api /v1/account -f -o /dev/null 2>/dev/null
}

# account_new NAME: prints a key of a new account.
account_new() {
	local account
	account=$(stack_admin account create --name "$1") || return 1
	stack_admin key create --account "$account" --name "$1" --scope full
}

# Written for the shell: `. env` gives the three variables.
account_env() {
	local key
	if ! _key_works; then
		key=$(account_new development) || die "no key could be made"
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
