/* Roles by the uid that the kernel vouches for. */
#pragma once

#include <sys/types.h>

struct conf;

struct peer_users {
	uid_t api, gateway, keeper; /* (uid_t)-1: there is no such user */
};

/* Looks the users of the configuration up. */
void peer_resolve(const struct conf *c, struct peer_users *out);
/* Bits of enum vmctl_role; 0: a stranger. Root is the operator. */
unsigned peer_roles(const struct peer_users *u, uid_t uid);
/* The other end of a Unix socket. 0 or -1. */
int peer_identity(int sock, uid_t *out_uid, pid_t *out_pid);
