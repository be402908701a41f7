# shellcheck shell=bash
# nginx's configuration: nginx/*.conf and nginx/nginx.conf.in with the places
# of one installation filled in.

NGINX_NAMES=(PID_FILE LOG_DIR TEMP_DIR WORKERS API_SOCKET GATEWAY_SOCKET
	LISTEN TLS_CERT TLS_KEY ADDRESS_RATE ADDRESS_BURST)

# Requests a second of one address, and how many at once.
NGINX_ADDRESS_RATE=${NGINX_ADDRESS_RATE:-2000}
NGINX_ADDRESS_BURST=${NGINX_ADDRESS_BURST:-4000}

# nginx_render DIR: writes nginx.conf and its parts there. The values come from
# variables NGINX_<NAME>. Files that stay equal keep their dates.
nginx_render() {
	local dir=$1 text name var
	mkdir -p -- "$dir"
	text=$(<"$CAGED_ROOT/nginx/nginx.conf.in")
	for name in "${NGINX_NAMES[@]}"; do
		var=NGINX_$name
		text=${text//@$name@/${!var}}
	done
	[[ ! $text =~ @[A-Z_]+@ ]] ||
		die "nginx.conf.in uses ${BASH_REMATCH[0]}, which has no value"
	for name in "$CAGED_ROOT"/nginx/caged-*.conf; do
		put "$dir/${name##*/}" <"$name"
	done
	printf '%s\n' "$text" | put "$dir/nginx.conf"
}

# put FILE: takes the new text from stdin; a file that is equal keeps its date.
put() {
	local file=$1
	cat >"$file.new"
	if cmp -s -- "$file.new" "$file"; then
		rm -- "$file.new"
	else
		mv -- "$file.new" "$file"
	fi
}
