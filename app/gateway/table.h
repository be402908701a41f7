/* Objects found by their id: an intrusive hash table. */
#pragma once

#include <stddef.h>
#include <sys/queue.h>

#define TABLE_BUCKETS 1024

struct table_entry {
	LIST_ENTRY(table_entry) link; /* table.bucket */
	const char *key;	      /* within the object */
};

LIST_HEAD(table_list, table_entry);

/* Zeroed is empty. */
struct table {
	size_t count;
	struct table_list bucket[TABLE_BUCKETS];
};

/* NULL when there is none. */
struct table_entry *table_find(const struct table *t, const char *key);
/* `key` is not there yet. */
void table_add(struct table *t, struct table_entry *e, const char *key);
void table_remove(struct table *t, struct table_entry *e);
/* `fn` may remove the entry it gets. */
void table_each(struct table *t, void (*fn)(struct table_entry *e, void *arg),
		void *arg);

#define table_object(entry, type, member) \
	((type *)(void *)((char *)(entry)-offsetof(type, member)))
