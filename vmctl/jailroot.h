/*
 * The read-only root that every VMM of one QEMU version shares: the program,
 * the libraries that the dynamic linker names, its accelerator module and the
 * firmware, and a node of /dev/kvm where there is one. Another one holds the
 * resolver and /dev/urandom. They are copied, never bind-mounted, into
 * conf.vm_dir/.jail/KEY and appear there whole or not at all. KEY changes with
 * any of the files.
 */
#pragma once

#include <stddef.h>

struct err;

#define JAILROOT_QEMU "/usr/bin/qemu-system-x86_64"
#define JAILROOT_FIRMWARE "/usr/share/qemu/qboot.rom"
#define JAILROOT_RESOLVER_PROGRAM "/usr/sbin/dnsmasq"
#define JAILROOT_MODULES "/usr/lib/x86_64-linux-gnu/qemu"
#define JAILROOT_PATH_MAX 4160

enum jailroot_kind { JAILROOT_VMM, JAILROOT_RESOLVER, JAILROOT_COUNT };

/* Finds it or makes it; `out` is its absolute path. */
int jailroot_prepare(const char *vm_dir, enum jailroot_kind kind,
		     char out[JAILROOT_PATH_MAX], struct err *e);
/* Removes the roots of other versions: only while no VMM runs. `current`: one of
 * each kind. */
void jailroot_prune(const char *vm_dir,
		    const char (*current)[JAILROOT_PATH_MAX]);
