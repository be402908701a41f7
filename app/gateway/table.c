#include "table.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

static size_t
bucket_of(const char *key)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	for (; *key; key++)
		h = (h ^ (uint8_t)*key) * 1099511628211u;
	return (size_t)(h ^ h >> 32) % TABLE_BUCKETS;
}

struct table_entry *
table_find(const struct table *t, const char *key)
{
	struct table_entry *e = LIST_FIRST(&t->bucket[bucket_of(key)]);

	while (e && strcmp(e->key, key) != 0)
		e = LIST_NEXT(e, link);
	return e;
}

void
table_add(struct table *t, struct table_entry *e, const char *key)
{
	assert(!table_find(t, key));
	e->key = key;
	LIST_INSERT_HEAD(&t->bucket[bucket_of(key)], e, link);
	t->count++;
}

void
table_remove(struct table *t, struct table_entry *e)
{
	LIST_REMOVE(e, link);
	t->count--;
}

void
table_each(struct table *t, void (*fn)(struct table_entry *e, void *arg),
	   void *arg)
{
	struct table_entry *e, *next;

	for (size_t i = 0; i < TABLE_BUCKETS; i++)
		for (e = LIST_FIRST(&t->bucket[i]); e; e = next) {
			next = LIST_NEXT(e, link);
			fn(e, arg);
		}
}
