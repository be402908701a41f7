/*
 * What a former gateway left behind on this host: creates whose VM exists are
 * claimed again, and sandboxes with running execs are connected to.
 */
#pragma once

struct gateway;
struct resume;

#define RESUME_RETRY_MS 2000 /* when the database is away */
#define RESUME_MAX 4096	     /* sandboxes of either kind */

/* NULL: no memory. */
struct resume *resume_new(struct gateway *gw);
void resume_free(struct resume *r);
