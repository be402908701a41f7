/* Sets the daemon's object up, before the tables are filled by recover. */
#pragma once

struct conf;
struct err;
struct host;

/* `h` is zeroed but for its loop. Waits for the jobs of a dead daemon to end.
 */
int host_start(struct host *h, const struct conf *c, struct err *e);
/* Waits for running jobs, at most their deadlines, and frees the tables. */
void host_stop(struct host *h);
