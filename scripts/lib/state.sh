# shellcheck shell=bash
# The state folder of a stack: where it lies and what is in it before the
# first daemon starts.

# A socket's path holds at most 107 bytes; the longest name below is 31.
STATE_PATH_MAX=72
STATE_FALLBACK=/var/lib/caged-dev

# Daemons run as their own users and must be able to reach their sockets.
_searchable() {
	local dir=$1
	while [ "$dir" != / ]; do
		if [ -e "$dir" ] && ! [[ $(stat -c %A "$dir") == *[xt] ]]; then
			return 1
		fi
		dir=$(dirname -- "$dir")
	done
}

_usable() {
	[ ${#1} -le $STATE_PATH_MAX ] && _searchable "$(dirname -- "$1")"
}

# state_resolve PATH: prints the folder to use. Where PATH would not do, that
# is one under STATE_FALLBACK, and PATH becomes a link to it.
state_resolve() {
	local path=$1 real
	if [ -L "$path" ]; then
		real=$(realpath -m -- "$path")
	else
		path=$(realpath -m -- "$path")
		real=$path
		_usable "$path" || real=$STATE_FALLBACK/$(printf %s "$path" |
			sha256sum | cut -c1-12)
	fi
	_usable "$real" ||
		die "$real cannot hold the state: its path is too long, or" \
			"other users may not search it; set CAGED_STATE"
	printf '%s\n' "$real"
}

state_link() {
	local path=$1 real=$2
	[ "$(realpath -m -- "$path")" != "$real" ] || return 0
	[ ! -e "$path" ] || die "$path is in the way of a link to $real"
	mkdir -p -- "$(dirname -- "$path")"
	ln -sfnT -- "$real" "$path"
}

state_users() {
	local user group
	for group in caged caged-grant; do need_group "$group"; done
	for user in caged-api caged-gateway caged-keeper; do need_user "$user"; done
	_join caged-api caged,caged-grant
	_join caged-gateway caged,caged-grant
	_join caged-keeper caged
}

_join() {
	local group have
	have=" $(id -nG "$1") "
	for group in ${2//,/ }; do
		[[ $have == *" $group "* ]] || usermod -aG "$group" "$1"
	done
}

# dir MODE OWNER GROUP NAME
_dir() {
	install -d -m "$1" -o "$2" -g "$3" -- "$STATE/$4"
}

state_folders() {
	(umask 022 && mkdir -p -- "$(dirname -- "$STATE")")
	_dir 755 root root .
	_dir 755 root root bin
	_dir 755 root root guest
	_dir 755 root root nginx
	_dir 750 root caged-grant keys
	_dir 700 root root tls
	_dir 2750 caged-api www-data api
	_dir 2750 caged-gateway www-data gateway
	_dir 750 root caged vmctl
	_dir 700 root root vm
	_dir 755 root root log
	_dir 755 root root pid
	_dir 755 root root tmp
}

state_keys() {
	local name key
	for name in grant plan; do
		key=$STATE/keys/$name.key
		[ ! -s "$key" ] || continue
		(umask 077 && openssl rand -out "$key.new" 32)
		chown root:caged-grant "$key.new"
		chmod 640 "$key.new"
		mv -- "$key.new" "$key"
	done
}

# A certificate of this machine's own for 90 days; made anew in its last week.
state_certificate() {
	local cert=$STATE/tls/cert.pem key=$STATE/tls/key.pem
	if ! openssl x509 -checkend 604800 -noout -in "$cert" >/dev/null 2>&1; then
		(umask 077 && openssl req -x509 -newkey ec -nodes -days 90 \
			-pkeyopt ec_paramgen_curve:P-256 -subj "/CN=localhost" \
			-addext "subjectAltName=DNS:localhost,IP:127.0.0.1" \
			-keyout "$key" -out "$cert" 2>/dev/null) ||
			die "openssl could not make a certificate"
	fi
	install -m 644 -- "$cert" "$STATE/ca.pem"
}

# CAGED_CONF_EXTRA holds further lines of configuration.
state_conf() {
	put "$STATE/caged.conf" <<-END
		db_socket = $STATE/db/mysql.sock
		api_socket = $STATE/api/api.sock
		gateway_socket = $STATE/gateway/gateway.sock
		vmctl_socket = $STATE/vmctl/vmctl.sock
		grant_key_file = $STATE/keys/grant.key
		plan_key_file = $STATE/keys/plan.key
		vm_dir = $STATE/vm
		image_dir = $CAGED_CACHE/images
		kernel_file = $STATE/guest/vmlinux
		initramfs_file = $STATE/guest/initramfs.cpio
		${CAGED_CONF_EXTRA:-}
	END
}

# stage FROM TO: a running program keeps the file that it was started from.
stage() {
	cmp -s -- "$1" "$2" && return
	cp -- "$1" "$2.new"
	mv -- "$2.new" "$2"
}

state_programs() {
	local name
	for name in "${STACK_PROGRAMS[@]}"; do
		stage "$CAGED_ROOT/build/$CAGED_VARIANT/bin/$name" "$STATE/bin/$name"
	done
	stage "$CAGED_CACHE/guest/vmlinux" "$STATE/guest/vmlinux"
	stage "$CAGED_ROOT/build/$CAGED_VARIANT/initramfs.cpio" \
		"$STATE/guest/initramfs.cpio"
}

state_nginx() {
	# shellcheck disable=SC2034  # nginx_render reads them by name
	local NGINX_PID_FILE=$STATE/pid/nginx.own NGINX_LOG_DIR=$STATE/log \
		NGINX_TEMP_DIR=$STATE/tmp NGINX_WORKERS=2 \
		NGINX_API_SOCKET=$STATE/api/api.sock \
		NGINX_GATEWAY_SOCKET=$STATE/gateway/gateway.sock \
		NGINX_LISTEN=127.0.0.1:$CAGED_PORT \
		NGINX_TLS_CERT=$STATE/tls/cert.pem NGINX_TLS_KEY=$STATE/tls/key.pem
	nginx_render "$STATE/nginx"
}

state_prepare() {
	state_users
	state_folders
	state_keys
	state_certificate
	state_conf
	state_programs
	state_nginx
}
