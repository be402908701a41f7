#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "auto.h"
#include "err.h"

#define BACKLOG 4

/* Through the folder's descriptor: sun_path holds 108 bytes only. */
static void
address(struct sockaddr_un *a, int folder, const char *name)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d/%s",
		 folder, name);
}

int
port_listen(int folder, const char *name, struct err *e)
{
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	address(&a, folder, name);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return err_errno(e, "listen on %s", name);
	return steal_fd(&fd);
}

int
port_connect(int folder, const char *name, struct err *e)
{
	auto_close int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un a;

	address(&a, folder, name);
	if (fd < 0)
		return err_errno(e, "socket");
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		if (errno == EAGAIN)
			return err_set(e, ERR_OVERLOADED,
				       "connections to %s wait already", name);
		if (errno == ECONNREFUSED || errno == ENOENT)
			return err_set(e, ERR_GUEST_GONE,
				       "the VMM does not listen on %s", name);
		return err_errno(e, "connect to %s", name);
	}
	if (fcntl(fd, F_SETFL, 0) < 0)
		return err_errno(e, "fcntl");
	return steal_fd(&fd);
}
