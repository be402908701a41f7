/* A file as the channel's record file_item. */
#pragma once

#include <jansson.h>
#include <sys/stat.h>

struct err;

/* NULL and an error when memory ran out. */
json_t *file_item(const char *path, const struct stat *st, struct err *e);
/* Of what `path` names now; a link is not followed. */
json_t *file_item_at(const char *path, struct err *e);
