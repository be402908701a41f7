#include "client.h"

#include <stdlib.h>
#include <unistd.h>

#include "seqpacket.h"

struct client *
client_new(struct loop *l, struct client **list, int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->loop = l;
	c->src.fd = fd;
	c->refs = 1;
	c->next = *list;
	c->link = list;
	if (c->next)
		c->next->link = &c->next;
	*list = c;
	return c;
}

struct client *
client_ref(struct client *c)
{
	c->refs++;
	return c;
}

void
client_unref(struct client *c)
{
	if (--c->refs == 0)
		free(c);
}

static void
unlink_client(struct client *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
}

void
client_close(struct client *c)
{
	if (c->src.fd < 0)
		return;
	loop_close(c->loop, &c->src);
	unlink_client(c);
	client_unref(c);
}

void
client_send(struct client *c, const char *text, size_t len, int fd)
{
	if (c->src.fd >= 0 && seqpacket_send(c->src.fd, text, len, fd) < 0)
		client_close(c);
}
