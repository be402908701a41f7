/* Cleanup attributes: `auto_close int fd = -1;`. Not mixed with goto. */
#pragma once

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

static inline void
auto_close_fn(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void
auto_free_fn(void *p)
{
	free(*(void **)p);
}

static inline void
auto_json_fn(json_t **j)
{
	json_decref(*j);
}

#define auto_close __attribute__((cleanup(auto_close_fn)))
#define auto_free __attribute__((cleanup(auto_free_fn)))
#define auto_json __attribute__((cleanup(auto_json_fn)))

/* Moves ownership out of an auto_close variable. */
static inline int
steal_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}

#define steal_ptr(p) \
	({ \
		__typeof__(*(p)) v_ = *(p); \
		*(p) = NULL; \
		v_; \
	})
