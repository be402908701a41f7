# shellcheck shell=bash disable=SC2034  # arrays are for the sourcing script
# Names of Debian bookworm packages, by what needs them.

# Compiling the platform.
PACKAGES_BUILD=(
	gcc libc6-dev make pkg-config binutils
	default-libmysqlclient-dev libfcgi-dev
	libevent-dev libhttp-parser-dev
	libjansson-dev libjwt-dev libssl-dev libzstd-dev
	libcap-dev
)

# Running it on a host. The -core packages carry mariadb-install-db, mariadbd
# and the client, and no service: the platform starts a server of its own.
PACKAGES_RUNTIME=(
	qemu-system-x86 qemu-system-data
	nginx-light
	mariadb-server-core mariadb-client-core
	nftables dnsmasq-base iproute2
	openssl curl ca-certificates jq
	util-linux e2fsprogs procps
)

# Building guest images, kernel and initramfs.
PACKAGES_IMAGE=(
	mmdebstrap erofs-utils ca-certificates debian-archive-keyring curl
	cpio lz4 xz-utils zstd gzip
	binutils kmod jq python3 util-linux
)

# Checks and tests.
PACKAGES_TEST=(
	clang libclang-rt-14-dev clang-format-14 clang-tidy-14 llvm-14 cppcheck
	libcmocka-dev
	python3 python3-pytest
	shellcheck
)
