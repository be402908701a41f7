/* Paths as the channel writes them, and what errno means for one. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "channel.h"

struct err;

/*
 * Decodes and makes absolute (below /workspace), without "//", "." and a
 * trailing "/"; ".." stays, since only the file system knows what it means
 * after a link.
 */
int file_path_decode(char out[CHANNEL_PATH_MAX + 1], const char *pct,
		     struct err *e);
/* "what path: reason" with the code that errno stands for. */
int file_path_errno(struct err *e, const char *path, const char *what);
/* mkdir -p of everything before the last '/'. */
int file_path_make_parents(const char *path, struct err *e);
/* Whether it is / or /workspace themselves, by whatever name. */
bool file_path_is_root(const char *path);
