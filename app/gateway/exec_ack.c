#include "exec_ack.h"

#include "channel.h"
#include "channels.h"
#include "err.h"
#include "gateway.h"

#define ACK_MS 30000

static void
on_end(void *owner, const void *record)
{
	(void)owner;
	(void)record;
}

/* It is listed again at the next connection, and acknowledged then. */
static void
on_fail(void *owner, const struct err *e, bool lost)
{
	(void)owner;
	(void)e;
	(void)lost;
}

static const struct stream_events events = {
	.end = on_end,
	.fail = on_fail,
};

void
exec_ack(struct gateway *gw, const char *sandbox, int64_t boot, const char *id)
{
	struct exec_ref ref = {.exec = id, .has_exec = true};
	const struct stream_request r = {
		.sandbox = sandbox,
		.boot = boot,
		.up = true,
		.kind = &kind_exec_ack,
		.record = &ref,
		.timeout_ms = ACK_MS,
		.events = &events,
	};
	struct err e;

	stream_open(gw->channels, &r, &e);
}
