/* The VMM's listening sockets in the VM's folder. */
#pragma once

struct err;

/* A listening stream socket of that name in the folder, close-on-exec. */
int port_listen(int folder, const char *name, struct err *e);
/* A connection to it; never waits: OVERLOADED when too many wait already. */
int port_connect(int folder, const char *name, struct err *e);
