#include "handlers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "auto.h"
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

static const struct {
	const char *name;
	int (*check)(struct api *a, struct err *e);
} checks[] = {
	{"database", check_database},
	{"vmctl", check_vmctl},
	{"gateway", check_gateway},
};

/* Names the parts that are away, and no more of them: it needs no key. */
int
h_health_ready(struct call *c, struct err *e)
{
	auto_json json_t *parts = json_object();
	bool ready = true;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct err why;
		bool ok = checks[i].check(c->api, &why) == 0;

		ready = ready && ok;
		json_object_set_new(
			parts, checks[i].name,
			json_string(ok ? "ok" : err_name(why.code)));
	}
	return response_json(c->resp, ready ? 200 : 503,
			     json_pack("{s:s, s:O}", "status",
				       ready ? "ok" : "unavailable", "checks",
				       parts),
			     e);
}
