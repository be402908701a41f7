/* Looks at this host as vmctl needs it, with and without the daemon. */
#pragma once

#include <stdbool.h>

struct conf;

/* Prints every check with what to do; 1 when one failed. */
int doctor_run(const struct conf *c, bool json);
