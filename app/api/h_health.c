#include "handlers.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "api.h"
#include "auto.h"
#include "call.h"
#include "err.h"
#include "gate.h"
#include "response.h"
#include "store/store.h"
#include "text.h"
#include "vmctl_client.h"

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

static int
check_gateway(struct api *a, struct err *e)
{
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct timeval deadline = {.tv_sec = 1};
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	if (fd < 0 || text_copy(to.sun_path, sizeof(to.sun_path),
				a->conf->gateway_socket))
		return err_set(e, ERR_GATEWAY_UNAVAILABLE, "no socket");
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return err_set(e, ERR_GATEWAY_UNAVAILABLE,
			       "the gateway does not answer");
	return 0;
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
