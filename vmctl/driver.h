/*
 * What runs VMs. The daemon picks one at start by conf.vm_driver; all the
 * rest (tables, state files, fencing, adoption) is the same for each.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct conf;
struct err;
struct host;
struct vm_state;

#define DRIVER_TEMPLATES_MAX 64

struct driver {
	const char *name;
	/* In the daemon, once, before anything else: fills host.accel and
	 * host.vmm_version. */
	int (*start)(struct host *h, struct err *e);
	/* In the daemon: whether a template of that (valid) name exists. */
	bool (*has_template)(const struct host *h, const char *name);
	/* Names of templates, at most DRIVER_TEMPLATES_MAX. */
	size_t (*templates)(const struct host *h, char (*out)[33]);
	/*
	 * In a job, as root: makes the files in `folder`, starts the VMM as
	 * st->uid and the guest in it; fills pid, start_ticks, exe_*, accel
	 * and resolver_*.
	 * What it leaves behind when it fails is removed by the caller.
	 */
	int (*boot)(const struct host *h, int folder, struct vm_state *st,
		    struct err *e);
	/* In a job, as root: ends the agent port's connection, if it has one.
	 * NULL: a new connection does that by itself. */
	int (*hang_up)(const struct host *h, int folder,
		       const struct vm_state *st, struct err *e);
	/* In a job, as root: the network of a running VM as st->network says;
	 * fills resolver_*, and adds up sent_bytes and received_bytes. */
	int (*set_network)(const struct host *h, struct vm_state *st,
			   struct err *e);
	/* The same for its resolver alone; NULL: there are none. */
	int (*resolve)(const struct host *h, struct vm_state *st,
		       struct err *e);
	const char *(*accel)(const struct host *h);
};

extern const struct driver driver_qemu;
extern const struct driver driver_fake;

/* NULL when unknown. */
const struct driver *driver_find(const char *name);
/* [a-z0-9-]{1,32} */
bool driver_template_valid(const char *name);
/* Fills what the kernel knows of the VMM `pid`. */
int driver_identify(pid_t pid, struct vm_state *st, struct err *e);
