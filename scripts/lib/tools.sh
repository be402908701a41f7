# shellcheck shell=bash disable=SC2153  # CAGED_CACHE is of common.sh
# What templates take from elsewhere than Debian: scripts/images/tools.table
# names it. Fetched files stay in the cache, and are used only with the
# checksum of the table.

TOOLS_TABLE=$CAGED_ROOT/scripts/images/tools.table

# CAGED_TOOL_PYTHON for python, CAGED_TOOL_CLAUDE_CODE for claude-code.
_tool_variable() {
	local name=${1^^}
	printf 'CAGED_TOOL_%s\n' "${name//-/_}"
}

_tool_rows() {
	awk -v tool="$1" '$1 == tool { print $2, $3, $4, $5 }' "$TOOLS_TABLE"
}

_has_sum() {
	[ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]
}

_by_url() {
	curl -fsSL --retry 2 --connect-timeout 20 -o "$3/file" "$1"
}

_by_npm() {
	(cd "$3" && npm pack --silent "$1@$2")
}

_by_maven() {
	local group artifact classifier
	IFS=: read -r group artifact classifier <<<"$1"
	command -v mvn || { say "this machine has no mvn" && return 1; }
	mvn -q -B dependency:copy -DoutputDirectory="$3" \
		-Dartifact="$group:$artifact:$2:jar:$classifier"
}

# Leaves in FILE what the table's line names, or says why it cannot.
_tool_download() {
	local version=$1 how=$2 source=$3 sum=$4 file=$5 work=$5.new
	local log=$CAGED_CACHE/log/tool-${5##*/}.log
	remove_dir "$work"
	mkdir -p -- "$work" "${log%/*}"
	if ! "_by_$how" "$source" "$version" "$work" >"$log" 2>&1; then
		say "$source was not to be had: $(grep -v '^$' "$log" | tail -n 1)"
	elif ! _has_sum "$work"/* "$sum"; then
		say "$source has not the sha256 of the table, but" \
			"$(sha256sum <"$(echo "$work"/*)" | cut -d' ' -f1)"
	else
		mv -- "$work"/* "$file"
	fi
	remove_dir "$work"
	[ -e "$file" ]
}

# The suffix tells the hooks what is in the file.
_suffix_of() {
	case $1 in
	url) printf 'tar.gz\n' ;;
	npm) printf 'tgz\n' ;;
	maven) printf 'jar\n' ;;
	*) die "$TOOLS_TABLE: no way to fetch is called '$1'" ;;
	esac
}

# A file of the user's own; what it is, its name tells.
_tool_local() {
	local tool=$1 file=$2 dir=$3
	[ -r "$file" ] || die "$(_tool_variable "$tool"): cannot read $file"
	case $file in
	*.tar.gz) cp -- "$file" "$dir/$tool.tar.gz" ;;
	*.tgz) cp -- "$file" "$dir/$tool.tgz" ;;
	*) die "$(_tool_variable "$tool"): $file is no .tar.gz or .tgz" ;;
	esac
	printf '%s %s\n' "$tool" "${file##*/}" >>"$dir/versions"
}

# The one client that is installed for it; a machine without mvn has the other
# lines of the table.
tools_need_client() {
	local tool
	command -v npm >/dev/null && return
	for tool in "$@"; do
		! _tool_rows "$tool" | grep -q ' npm ' || need_packages npm
	done
}

# tool_fetch TOOL DIR: puts it into DIR/TOOL.SUFFIX and appends a line 'TOOL
# VERSION' to DIR/versions.
tool_fetch() {
	local tool=$1 dir=$2 variable suffix file why='' version how source sum
	variable=$(_tool_variable "$tool")
	[ -z "${!variable:-}" ] ||
		{ _tool_local "$tool" "${!variable}" "$dir" && return; }
	mkdir -p -- "$CAGED_CACHE/download"
	while read -r version how source sum; do
		suffix=$(_suffix_of "$how")
		file=$CAGED_CACHE/download/$tool-$version.$suffix
		if { [ -e "$file" ] && _has_sum "$file" "$sum"; } ||
			why+="; $(_tool_download "$version" "$how" "$source" \
				"$sum" "$file")"; then
			cp -- "$file" "$dir/$tool.$suffix"
			printf '%s %s\n' "$tool" "$version" >>"$dir/versions"
			return
		fi
	done < <(_tool_rows "$tool")
	die "$NAME needs $tool${why:-, which $TOOLS_TABLE lacks};" \
		"fetch one of them elsewhere and name the file in $variable"
}

# tool_registries: a line 'npm|pip|go ADDRESS' for each registry that this
# machine was told to use in place of the usual one, without any password.
tool_registries() {
	{
		_npm_registry | sed 's/^/npm /'
		_pip_registry | sed 's/^/pip /'
		_go_registry | sed 's/^/go /'
	} | sed -E 's#(://)[^/@ ]*@#\1#'
}

# Without -l, npm lists only what differs from its defaults.
_npm_registry() {
	(cd / && npm config list 2>/dev/null) |
		sed -nE 's/^registry = "(.*)"$/\1/p' | tail -n 1
}

_pip_registry() {
	if [ -n "${PIP_INDEX_URL:-}" ]; then
		printf '%s\n' "$PIP_INDEX_URL"
	else
		python3 -m pip config get global.index-url 2>/dev/null || true
	fi
}

_go_registry() {
	local used
	used=$(go env GOPROXY 2>/dev/null) || return 0
	[ "$used" = "$(env -u GOPROXY GOENV=off go env GOPROXY)" ] ||
		printf '%s\n' "$used"
}
