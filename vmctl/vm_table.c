#include "vm_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "vm.h"

void
vm_table_fini(struct vm_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->vms[i]);
	free(t->vms);
	*t = (struct vm_table){0};
}

/* Index of the first whose id is not less than `sandbox`. */
static size_t
lower_bound(const struct vm_table *t, const char *sandbox)
{
	size_t lo = 0, hi = t->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(t->vms[mid]->st.sandbox, sandbox) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct vm *
vm_table_find(const struct vm_table *t, const char *sandbox)
{
	size_t i = lower_bound(t, sandbox);

	if (i == t->count || strcmp(t->vms[i]->st.sandbox, sandbox) != 0)
		return NULL;
	return t->vms[i];
}

static int
grow(struct vm_table *t)
{
	size_t size = t->size ? t->size * 2 : 64;
	struct vm **vms;

	if (t->count < t->size)
		return 0;
	if (t->count >= VM_TABLE_MAX)
		return -1;
	vms = realloc(t->vms, size * sizeof(struct vm *));
	if (!vms)
		return -1;
	t->vms = vms;
	t->size = size;
	return 0;
}

struct vm *
vm_table_add(struct vm_table *t, const char *sandbox)
{
	size_t i = lower_bound(t, sandbox);
	struct vm *vm;

	assert(!vm_table_find(t, sandbox));
	if (grow(t) < 0)
		return NULL;
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return NULL;
	vm->exit.fd = -1;
	vm->resolver.fd = -1;
	vm_state_init(&vm->st, sandbox);
	memmove(&t->vms[i + 1], &t->vms[i],
		(t->count - i) * sizeof(struct vm *));
	t->vms[i] = vm;
	t->count++;
	return vm;
}

void
vm_table_remove(struct vm_table *t, struct vm *vm)
{
	size_t i = lower_bound(t, vm->st.sandbox);

	assert(i < t->count && t->vms[i] == vm);
	assert(!vm->job && !vm->queue && vm->exit.fd < 0);
	assert(vm->resolver.fd < 0);
	memmove(&t->vms[i], &t->vms[i + 1],
		(t->count - i - 1) * sizeof(struct vm *));
	t->count--;
	free(vm);
}

size_t
vm_table_after(const struct vm_table *t, const char *after)
{
	size_t i;

	if (!after)
		return 0;
	i = lower_bound(t, after);
	if (i < t->count && strcmp(t->vms[i]->st.sandbox, after) == 0)
		i++;
	return i;
}
