/* Control groups, version 2, reached through descriptors of their folders. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct err;

/* Makes `name` below `parent` when it is missing. A descriptor, or -1. */
int cgroup_make(int parent, const char *name, struct err *e);
/* Writes `text` to the group's file `name`. */
int cgroup_set(int group, const char *name, const char *text, struct err *e);
int cgroup_set_int(int group, const char *name, int64_t value, struct err *e);
/* The value of `key` in a file of `key value` lines; 0 when there is none. */
int64_t cgroup_get(int group, const char *name, const char *key);
/* Moves the calling process. Async-signal-safe. 0 or -1 and errno. */
int cgroup_enter(int group);
/* SIGKILL to everyone inside. */
void cgroup_kill(int group);
