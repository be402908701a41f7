/* From a packet to the operation: role, arguments, fencing, state. */
#pragma once

#include <stddef.h>

struct client;
struct host;
struct request;

void dispatch_packet(struct host *h, struct client *c, const char *packet,
		     size_t len);
/* A request that may be asked at all: judged by the VM as it is now. Takes it
 * over. */
void dispatch_request(struct host *h, struct request *r);
