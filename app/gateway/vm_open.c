#include "vm_open.h"

#include <stdlib.h>

#include "channels.h"
#include "err.h"
#include "gateway.h"
#include "id.h"
#include "jobs.h"
#include "text.h"
#include "vmctl_client.h"

struct opening {
	struct job job;
	struct channel *ch; /* waits for us: not freed before */
	char sandbox[ID_SIZE];
	int fd;
	struct err error;
};

#define OF(j) \
	((struct opening *)(void *)((char *)(j)-offsetof(struct opening, job)))

static void
run(struct job *j, void *ctx)
{
	struct opening *o = OF(j);

	if (vmctl_open_channel(ctx, o->sandbox, &o->fd, &o->error) < 0)
		o->fd = -1;
}

static void
done(struct job *j)
{
	struct opening *o = OF(j);

	if (o->fd >= 0)
		channel_opened(o->ch, o->fd);
	else
		channel_refused(o->ch, &o->error);
	free(o);
}

int
vm_open(void *gateway, struct channel *ch, const char *sandbox, struct err *e)
{
	struct gateway *gw = gateway;
	struct opening *o = calloc(1, sizeof(*o));

	if (!o)
		return err_set(e, ERR_INTERNAL, "no memory for a connection");
	o->job = (struct job){.run = run, .done = done};
	o->ch = ch;
	text_copy(o->sandbox, sizeof(o->sandbox), sandbox);
	if (jobs_add(gw->vm, &o->job) == 0)
		return 0;
	free(o);
	return err_set(e, ERR_OVERLOADED, "too much waits for vmctl");
}
