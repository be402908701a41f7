/* The socket where the web server reaches the workers. */
#pragma once

struct err;

#define LISTENER_BACKLOG 1024

/*
 * A listening, non-blocking, close-on-exec stream socket at `path`, mode 0660
 * in the folder's group. Takes the place of one that nobody listens on; an
 * error when somebody does. -1 on error.
 */
int listener_open(const char *path, struct err *e);
