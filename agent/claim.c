#include "claim.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent.h"
#include "auto.h"
#include "buf.h"
#include "channel.h"
#include "clock.h"
#include "env.h"
#include "err.h"
#include "identity.h"
#include "text.h"
#include "timeutil.h"

#define ENTROPY_SIZE 64

int
claim_init(struct claim_state *c, struct err *e)
{
	auto_close int fd =
		open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	*c = (struct claim_state){0};
	n = fd < 0 ? -1 : read(fd, c->boot_id, sizeof(c->boot_id) - 1);
	if (n <= 0)
		return err_errno(e, "boot_id");
	c->boot_id[strcspn(c->boot_id, "\n")] = '\0';
	return 0;
}

void
claim_fini(struct claim_state *c)
{
	json_decref(c->env);
	c->env = NULL;
}

static int
check(const struct claim_state *c, const struct claim *req, struct err *e)
{
	if (!id_valid(req->sandbox, ID_SANDBOX))
		return err_field(e, "sandbox", "not a sandbox id");
	if (c->done && strcmp(c->sandbox, req->sandbox) != 0)
		return err_set(e, ERR_POLICY_DENIED,
			       "this guest is another sandbox's");
	if (strspn(req->machine_id, "0123456789abcdef") != 32)
		return err_field(e, "machine_id", "not 32 hex digits");
	if (!identity_hostname_ok(req->hostname))
		return err_field(e, "hostname", "not a host name");
	return env_check(req->env, "env", e);
}

static int
add_entropy(const char *base64, struct err *e)
{
	auto_buf struct buf bytes = {0};
	int rc = -1;

	buf_init(&bytes, ENTROPY_SIZE);
	if (text_add_base64_decoded(&bytes, base64, strlen(base64)) < 0 ||
	    bytes.len != ENTROPY_SIZE)
		return err_field(e, "entropy", "not base64 of 64 bytes");
	rc = clock_add_entropy(bytes.data, bytes.len, e);
	explicit_bzero(bytes.data, bytes.len);
	return rc;
}

static json_t *
make_end(int64_t ready_us)
{
	struct claim_end rec = {0};
	struct utsname un;

	uname(&un);
	un.release[sizeof(un.release) - 1] = '\0';
	FIELD_SET(rec, kernel, un.release);
	FIELD_SET(rec, boot_us, ready_us);
	FIELD_SET(rec, realtime_us, time_unix_us());
	return field_write(&claim_end_fields, &rec);
}

int
claim_apply(struct claim_state *c, const struct claim *req, int64_t ready_us,
	    json_t **out_end, struct err *e)
{
	if (check(c, req, e) < 0 || add_entropy(req->entropy, e) < 0 ||
	    clock_set(req->realtime_us, e) < 0)
		return -1;
	if (!c->done) {
		if (identity_set(req->hostname, req->machine_id, e) < 0 ||
		    identity_write_env(req->env, e) < 0)
			return -1;
		text_copy(c->sandbox, sizeof(c->sandbox), req->sandbox);
		c->env = json_incref(req->env);
		c->done = true;
	}
	*out_end = make_end(ready_us);
	return 0;
}
