/*
 * The read-only root that every VMM of one QEMU version shares: the program,
 * the libraries that the dynamic linker names, its accelerator module and the
 * firmware, and a node of /dev/kvm where there is one. It is copied, never bind-mounted, into conf.vm_dir/.jail/KEY and
 * appears there whole or not at all. KEY changes with any of the files.
 */
#pragma once

#include <stddef.h>

struct err;

#define JAILROOT_QEMU "/usr/bin/qemu-system-x86_64"
#define JAILROOT_FIRMWARE "/usr/share/qemu/qboot.rom"
#define JAILROOT_MODULES "/usr/lib/x86_64-linux-gnu/qemu"
#define JAILROOT_PATH_MAX 4160

/* Finds it or makes it; `out` is its absolute path. */
int jailroot_prepare(const char *vm_dir, char out[JAILROOT_PATH_MAX],
		     struct err *e);
/* Removes the roots of other versions: only while no VMM runs. */
void jailroot_prune(const char *vm_dir, const char *current);
