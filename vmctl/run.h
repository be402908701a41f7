/* Runs one of the host's own programs, with an empty environment. */
#pragma once

#include <stddef.h>

struct err;

/*
 * argv[0] is an absolute path. `pass_fd`, if not -1, keeps its number in the
 * program. What it prints goes to `out` (NUL-terminated; what is over `size`
 * is an error) or, when that is NULL, nowhere. -1 when it does not exit with
 * 0 within timeout_ms; it is killed then.
 */
int run_program(const char *const argv[], int pass_fd, char *out, size_t size,
		int timeout_ms, struct err *e);
