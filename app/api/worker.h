/* One worker: a process that serves one request at a time. */
#pragma once

struct api;

/* In a fresh child, SIGTERM blocked. Serves until SIGTERM; the exit status. */
int worker_run(struct api *a, int listen_fd);
