/* The configuration file; its rows are in conf.def. */
#pragma once

#include <stdint.h>
#include <stdio.h>

struct err;

#define CONF_WORD_MAX 16

struct conf {
#define CONF_STR(name, def, longest, help) char name[(longest) + 1];
#define CONF_WORD(name, def, words, help) char name[CONF_WORD_MAX + 1];
#define CONF_INT(name, def, lo, hi, help) int64_t name;
#include "conf.def"
#undef CONF_STR
#undef CONF_WORD
#undef CONF_INT
};

/* Defaults, then the file. Unknown names, bad values and doubled lines are
 * errors that name the line. `path` NULL: defaults alone. An empty `host` is
 * the kernel's host name. *c is written on success only. */
int conf_load(struct conf *c, const char *path, struct err *e);
/* The options with their defaults and help, as a sample file. */
void conf_help(FILE *f);
/* Reads a secret of exactly n bytes, a regular file no one else may write. */
int conf_read_key(const char *path, void *out, size_t n, struct err *e);
