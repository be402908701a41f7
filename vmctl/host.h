/* The daemon's one object: what every operation may reach. */
#pragma once

#include <stdint.h>

#include "accel.h"
#include "conf.h"
#include "jailroot.h"
#include "loop.h"
#include "net_host.h"
#include "netlink.h"
#include "uid_pool.h"
#include "vm_table.h"

struct driver;
struct job;

#define HOST_BOOT_SIZE 40

struct host {
	const struct conf *conf;
	const struct driver *driver;
	struct loop loop;
	struct vm_table vms;
	struct uid_pool uids;
	int dir_fd; /* conf.vm_dir */
	/* Held by this daemon and by the jobs of a dead one: */
	int lock_fd; /* vm_dir */
	int uids_fd; /* the range of uids, host-wide */
	char boot_id[HOST_BOOT_SIZE];
	char vmm_version[65];
	enum accel accel; /* driver qemu; jail_root and tsc_khz too */
	char jail_root[JAILROOT_COUNT][JAILROOT_PATH_MAX];
	struct net_host net;
	struct netlink *links; /* owned; reads counters; NULL: there are none */
	int64_t tsc_khz;
	struct job *job_list;
	unsigned jobs; /* in job_list */
};
