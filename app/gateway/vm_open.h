/* Connections to guests, by way of the vmctl thread. */
#pragma once

struct channel;
struct err;

/* For struct channel_host: `gateway` is a struct gateway. */
int vm_open(void *gateway, struct channel *ch, const char *sandbox,
	    struct err *e);
