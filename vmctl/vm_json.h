/* A VM as create, stat and list tell it. */
#pragma once

#include <jansson.h>

struct host;
struct vm;

/* NULL: no memory. */
json_t *vm_json(const struct host *h, const struct vm *vm);
/* A VM that was never seen here. */
json_t *vm_json_absent(const char *sandbox);
