# shellcheck shell=bash
# nginx's configuration: nginx/*.conf and nginx/nginx.conf.in with the places
# of one installation filled in.

NGINX_NAMES=(PID_FILE LOG_DIR TEMP_DIR WORKERS API_SOCKET GATEWAY_SOCKET
	LISTEN TLS_CERT TLS_KEY)

# nginx_render DIR: writes nginx.conf and its parts there. The values come from
# variables NGINX_<NAME>.
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
	install -m 644 -t "$dir" -- "$CAGED_ROOT"/nginx/caged-*.conf
	printf '%s\n' "$text" >"$dir/nginx.conf"
}
