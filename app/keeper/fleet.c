#include "keeper/fleet.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "keeper/decide.h"
#include "store/store_sandbox.h"
#include "text.h"
#include "vmctl_client.h"

#define PAGE 256

struct reading {
	struct fleet *fleet;
	uint64_t last_seq;
	int page_count;
	bool failed;
	struct err *e;
};

static struct fleet_pair *
add(struct reading *r, const char *id)
{
	struct fleet *f = r->fleet;
	struct fleet_pair *grown;

	if (f->count == FLEET_MAX) {
		r->failed = true;
		err_set(r->e, ERR_OVERLOADED, "more than %d rows and VMs",
			FLEET_MAX);
		return NULL;
	}
	if (f->count == f->size) {
		f->size = f->size ? 2 * f->size : PAGE;
		grown = realloc(f->pairs, f->size * sizeof(*grown));
		if (!grown) {
			r->failed = true;
			err_set(r->e, ERR_INTERNAL, "no memory");
			return NULL;
		}
		f->pairs = grown;
	}
	f->pairs[f->count] = (struct fleet_pair){.row = DECIDE_NO_ROW};
	text_copy(f->pairs[f->count].id, ID_SIZE, id);
	return &f->pairs[f->count++];
}

static int
take_row(void *arg, const struct store_host_row *row)
{
	struct reading *r = arg;
	struct fleet_pair *p = add(r, row->sandbox.id);

	if (!p)
		return 1;
	p->row = (int)row->sandbox.state;
	p->op_id = row->sandbox.op_id;
	p->boot = row->sandbox.boot;
	p->lease_over = row->lease_over;
	p->lease_over_s = row->lease_over_s;
	r->last_seq = row->sandbox.seq;
	r->page_count++;
	return 0;
}

static int
read_rows(struct reading *r, struct store *s, const char *host, struct err *e)
{
	do {
		r->page_count = 0;
		if (store_sandbox_host_rows(s, host, r->last_seq, PAGE,
					    take_row, r, e) < 0 ||
		    r->failed)
			return -1;
	} while (r->page_count == PAGE);
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct fleet_pair *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/* Rows are sorted before VMs come; a VM's row is found among the first. */
struct vms_reading {
	struct reading r;
	size_t rows;
};

static int
take_vm(void *arg, const struct vmctl_vm *vm)
{
	struct vms_reading *v = arg;
	int state = vmctl_state_from_name(vm->state);
	struct fleet_pair key = {0}, *p;

	if (state < 0) {
		v->r.failed = true;
		return err_set(v->r.e, ERR_INTERNAL, "vmctl: unknown state %s",
			       vm->state);
	}
	text_copy(key.id, sizeof(key.id), vm->sandbox);
	p = v->rows ? bsearch(&key, v->r.fleet->pairs, v->rows, sizeof(key),
			      compare)
		    : NULL;
	if (!p)
		p = add(&v->r, vm->sandbox);
	if (!p)
		return 1;
	p->vm = (enum vmctl_state)state;
	p->vm_op_id = vm->op_id;
	p->sent_bytes = vm->has_sent_bytes ? vm->sent_bytes : 0;
	p->received_bytes = vm->has_received_bytes ? vm->received_bytes : 0;
	text_copy(p->exit_cause, sizeof(p->exit_cause),
		  vm->has_exit_cause ? vm->exit_cause : "");
	return 0;
}

static int
read_vms(struct fleet *f, struct vmctl *v, struct err *e)
{
	struct vms_reading r = {{.fleet = f, .e = e}, f->count};

	return vmctl_list(v, take_vm, &r, e) < 0 || r.r.failed ? -1 : 0;
}

static void
sort(struct fleet *f)
{
	if (f->count > 1)
		qsort(f->pairs, f->count, sizeof(f->pairs[0]), compare);
}

int
fleet_read(struct fleet *out, struct store *s, struct vmctl *v,
	   const char *host, struct err *e)
{
	struct fleet f = {0};
	struct reading rows = {.fleet = &f, .e = e};

	if (read_rows(&rows, s, host, e) < 0) {
		fleet_fini(&f);
		return err_wrap(e, "read this host's rows");
	}
	sort(&f);
	if (read_vms(&f, v, e) < 0) {
		fleet_fini(&f);
		return err_wrap(e, "read this host's VMs");
	}
	sort(&f);
	*out = f;
	return 0;
}

void
fleet_fini(struct fleet *f)
{
	free(f->pairs);
	*f = (struct fleet){0};
}
