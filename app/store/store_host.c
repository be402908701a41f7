#include "store/store_host.h"

#include "err.h"
#include "store/tx.h"
#include "vmctl_proto.h"

struct beat_arg {
	const char *host;
	const struct vmctl_host_info *info;
};

static int
beat(struct store *s, void *arg, struct err *e)
{
	const struct beat_arg *a = arg;
	const struct vmctl_host_info *i = a->info;

	if (!i)
		return stmt_run(s, STMT_host_beat_alone,
				CELLS(cell_text(a->host)), NULL, e);
	return stmt_run(s, STMT_host_beat,
			CELLS(cell_text(a->host), cell_text(i->driver),
			      cell_text(i->accel), cell_text(i->vmm_version),
			      cell_text(i->host_kernel), cell_int(i->cpus),
			      cell_int(i->memory_bytes),
			      cell_int(i->memory_available_bytes),
			      cell_int(i->disk_free_bytes), cell_int(i->vms)),
			NULL, e);
}

int
store_host_beat(struct store *s, const char *host,
		const struct vmctl_host_info *info, struct err *e)
{
	struct beat_arg a = {host, info};

	return tx_run(s, 0, beat, &a, e);
}

struct age_arg {
	const char *host;
	int64_t age_s;
};

static int
age(struct store *s, void *arg, struct err *e)
{
	static const struct column columns[] = {
		COLUMN(age_arg, INT, age_s, NULL),
	};
	static const struct record record = RECORD(columns);
	struct age_arg *a = arg;
	int n = stmt_one(s, STMT_host_age, CELLS(cell_text(a->host)), &record,
			 a, e);

	if (n == 0)
		return err_set(e, ERR_NOT_FOUND, "host %s was never seen",
			       a->host);
	return n < 0 ? -1 : 0;
}

int
store_host_age(struct store *s, const char *host, int64_t *out_s, struct err *e)
{
	struct age_arg a = {.host = host};

	if (tx_run(s, TX_READ, age, &a, e) < 0)
		return -1;
	*out_s = a.age_s;
	return 0;
}
