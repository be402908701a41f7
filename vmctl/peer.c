#include "peer.h"

#include <pwd.h>
#include <stddef.h>
#include <sys/socket.h>

#include "conf.h"
#include "vmctl_proto.h"

static uid_t
uid_of(const char *name)
{
	const struct passwd *pw = getpwnam(name);

	return pw ? pw->pw_uid : (uid_t)-1;
}

void
peer_resolve(const struct conf *c, struct peer_users *out)
{
	out->api = uid_of(c->api_user);
	out->gateway = uid_of(c->gateway_user);
	out->keeper = uid_of(c->keeper_user);
}

unsigned
peer_roles(const struct peer_users *u, uid_t uid)
{
	unsigned roles = 0;

	if (uid == (uid_t)-1)
		return 0;
	roles |= uid == 0 ? ROLE_OPERATOR : 0u;
	roles |= uid == u->api ? ROLE_API : 0u;
	roles |= uid == u->gateway ? ROLE_GATEWAY : 0u;
	roles |= uid == u->keeper ? ROLE_KEEPER : 0u;
	return roles;
}

int
peer_identity(int sock, uid_t *out_uid, pid_t *out_pid)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -1;
	*out_uid = cred.uid;
	*out_pid = cred.pid;
	return 0;
}
