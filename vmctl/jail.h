/*
 * The jail of a program that serves one VM: own uid, own pid, mount, ipc, uts,
 * cgroup and network namespaces, a read-only root that holds nothing but the
 * program, no new privileges. Entered by its own process between clone and
 * exec.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

struct jail {
	const char *root; /* made by jailroot */
	uid_t uid;
	gid_t gid;	       /* 0: as the uid */
	uint64_t capabilities; /* bits 1 << CAP_*; 0 for a VMM */
	bool devices;	       /* the nodes in its root work */
	int64_t file_bytes;    /* no file grows beyond */
	bool has_net;	       /* else a network namespace of its own, empty */
	int net_fd;	       /* the one to enter */
};

/* For clone(2). */
#define JAIL_NAMESPACES \
	(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | \
	 CLONE_NEWCGROUP)

/* Enters the network namespace; while net_fd still has its number. */
int jail_join(const struct jail *j, struct err *e);
/* The process is then in the jail for good, its working folder "/". */
int jail_enter(const struct jail *j, struct err *e);
