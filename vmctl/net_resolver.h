/*
 * The resolver of a VM: dnsmasq in the VM's network namespace, in a jail of its
 * own, with the VM's uid, so that whatever ends the VM ends it too, and a group
 * of its own, by which the rules know its questions from the VMM's.
 */
#pragma once

#include <sys/types.h>

struct buf;
struct err;
struct net_spec;

/* Its configuration. `names`: of the allowlist, one a line. 0 or -1 (cap). */
int net_resolver_config(const struct net_spec *s, const char *names,
			struct buf *out, struct err *e);
/* Returns its pid once the program has been executed. */
pid_t net_resolver_start(const struct net_spec *s, int ns_fd, const char *root,
			 const char *names, struct err *e);
