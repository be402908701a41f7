/* Every VM and tombstone of this host, ordered by sandbox id. */
#pragma once

#include <stddef.h>

struct vm;

#define VM_TABLE_MAX 100000

struct vm_table {
	struct vm **vms; /* owned, sorted */
	size_t count, size;
};

void vm_table_fini(struct vm_table *t);
/* NULL when there is none. */
struct vm *vm_table_find(const struct vm_table *t, const char *sandbox);
/* A new one in state absent; NULL when the table is full. It must not exist. */
struct vm *vm_table_add(struct vm_table *t, const char *sandbox);
/* Frees it; nothing may run or wait on it. */
void vm_table_remove(struct vm_table *t, struct vm *vm);
/* Index of the first whose id is greater; `after` NULL: 0. */
size_t vm_table_after(const struct vm_table *t, const char *after);
