#include "handlers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "call.h"
#include "err.h"
#include "gate.h"
#include "response.h"
#include "store/store.h"
#include "vmctl_client.h"

#define SO_ACCEPTCON_FLAG 0x10000 /* __SO_ACCEPTCON of linux/net.h */
#define UNIX_LINE_MAX 512

int
h_health_live(struct call *c, struct err *e)
{
	return response_json(c->resp, 200, json_pack("{s:s}", "status", "ok"),
			     e);
}

static int
check_database(struct api *a, struct err *e)
{
	return store_ping(a->store, e);
}

static int
check_vmctl(struct api *a, struct err *e)
{
	struct vmctl_host_info info;
	int rc;

	if (gate_enter(a->gate, a->worker, e))
		return -1;
	rc = vmctl_host_info(a->vmctl, &info, e);
	gate_leave(a->gate, a->worker);
	return rc;
}

/*
 * Only the web server may connect to the gateway. The kernel's list of Unix
 * sockets shows whether somebody listens there:
 * "num: refs proto flags type state inode path".
 */
static bool
listens(const char *line, const char *path)
{
	const char *at = line;
	unsigned long flags;

	for (int i = 0; i < 3 && at; i++)
		at = strchr(at + 1, ' ');
	flags = at ? strtoul(at, NULL, 16) : 0;
	if (!(flags & SO_ACCEPTCON_FLAG))
		return false;
	at = strchr(line, '/');
	return at && strncmp(at, path, strlen(path)) == 0 &&
	       at[strlen(path)] == '\n';
}

static int
check_gateway(struct api *a, struct err *e)
{
	FILE *f = fopen("/proc/net/unix", "re");
	char line[UNIX_LINE_MAX];
	bool found = false;

	if (!f)
		return err_errno(e, "list of sockets");
	while (!found && fgets(line, sizeof(line), f))
		found = listens(line, a->conf->gateway_socket);
	fclose(f);
	if (found)
		return 0;
	return err_set(e, ERR_GATEWAY_UNAVAILABLE, "no gateway listens");
}

static int (*const checks[])(struct api *a, struct err *e) = {
	check_database,
	check_vmctl,
	check_gateway,
};

/* Says which part is away first, and no more of it: it needs no key. */
int
h_health_ready(struct call *c, struct err *e)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (checks[i](c->api, e) < 0)
			return -1;
	}
	return h_health_live(c, e);
}
