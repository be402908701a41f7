/* The daemon: the listening socket, its clients, the signals, the loop. */
#pragma once

struct conf;
struct err;

/* Serves until SIGTERM or SIGINT: 0 then. VMMs go on running. */
int server_run(const struct conf *c, struct err *e);
