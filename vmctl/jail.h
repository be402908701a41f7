/*
 * The jail of a VMM: own uid, own pid, mount, ipc, uts, cgroup and network
 * namespaces, a read-only root that holds nothing but QEMU, no capabilities,
 * no new privileges. Entered by the VMM's own process between clone and exec.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

struct jail {
	const char *root; /* made by jailroot */
	uid_t uid;
	bool kvm;	    /* /dev/kvm is reachable in it */
	int64_t file_bytes; /* no file grows beyond */
};

/* For clone(2). */
#define JAIL_NAMESPACES \
	(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | \
	 CLONE_NEWCGROUP | CLONE_NEWNET)

/* The process is then in the jail for good, its working folder "/". */
int jail_enter(const struct jail *j, struct err *e);
