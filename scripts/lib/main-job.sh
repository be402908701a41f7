# shellcheck shell=bash
# What Caged is for, once through: a sandbox is made, runs a command, holds a
# file, and goes.

# call PATH [curl options]: the answer in ANSWER, its time in TOOK; a problem
# ends the script with what the problem says.
call() {
	local path=$1 out status
	shift
	out=$(stack_api "$path" -w '\n%{http_code} %{time_total}' "$@") ||
		die "$path: no answer; see '$0 logs'"
	ANSWER=${out%$'\n'*}
	read -r status TOOK <<<"${out##*$'\n'}"
	[[ $status == 2* ]] || die "$path: $status: $(jq -r \
		'.detail + " (" + .reason.code + ")"' <<<"$ANSWER" 2>/dev/null ||
		printf %s "$ANSWER")"
}

# show STEP WHAT: one line, with the seconds that the call took.
show() {
	printf '  %-8s %7.3f s   %s\n' "$1" "$TOOK" "$2"
}

json_post() {
	local path=$1
	shift
	call "$path" -X POST -H 'Content-Type: application/json' \
		--data-binary "$(jq -cn "$@")"
}

main_job() {
	local id kernel text='written through the API'
	step "The main job"
	json_post /v1/sandboxes '{template: "minimal"}'
	id=$(jq -r .id <<<"$ANSWER")
	show create "$id, $(jq -r \
		'"\(.cpus) vCPUs, \(.memory_mb) MB, \(.disk_gb) GB"' <<<"$ANSWER")"
	# shellcheck disable=SC2016  # for the shell in the sandbox
	json_post "/v1/sandboxes/$id/exec" \
		'{command: "uname -r; echo $(id -un) in $(pwd)"}'
	kernel=$(jq -j .output <<<"$ANSWER" | head -n 1)
	show exec "$(jq -j .output <<<"$ANSWER" | tail -n 1), exit code $(
		jq -r .exit_code <<<"$ANSWER")"
	call "/v1/sandboxes/$id/files/content?path=notes/hello.txt" -X PUT \
		-H 'Content-Type: application/octet-stream' --data-binary "$text"
	show write "notes/hello.txt, $(jq -r .size <<<"$ANSWER") bytes"
	call "/v1/sandboxes/$id/files/content?path=notes/hello.txt"
	[ "$ANSWER" = "$text" ] || die "read '$ANSWER', wrote '$text'"
	show read "$ANSWER"
	call "/v1/sandboxes/$id" -X DELETE
	show destroy "$id"
	say "  kernel in the sandbox: $kernel"
	say "  kernel of this host:   $(uname -r)"
}

next_steps() {
	cat <<-END

		Running at $STACK_URL, state in $STATE_PATH. '$0 stop' ends it.
		Key: $CAGED_API_KEY

		Put the address, the key and the certificate into this shell, then try:
		  . $STATE_PATH/env
		  curl --cacert "\$CAGED_CA_FILE" -H "Authorization: Bearer \$CAGED_API_KEY" "\$CAGED_API_URL/v1/sandboxes" -H 'Content-Type: application/json' -d '{"template":"minimal"}'
		  curl --cacert "\$CAGED_CA_FILE" -H "Authorization: Bearer \$CAGED_API_KEY" "\$CAGED_API_URL/v1/sandboxes"
		  curl --cacert "\$CAGED_CA_FILE" -H "Authorization: Bearer \$CAGED_API_KEY" "\$CAGED_API_URL/v1/sandboxes/ID/exec" -H 'Content-Type: application/json' -d '{"command":"uname -a"}'
	END
}
