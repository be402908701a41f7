#include "req_patch.h"

#include "auto.h"
#include "err.h"
#include "sandbox.h"
#include "text.h"

FIELDS_DEFINE(req_patch, REQ_PATCH_FIELDS)

static const struct req_later later[] = {
	{"budget", NULL},
	{"budget_usd", NULL},
};

int
req_patch_read(json_t *body, struct req_patch *out, struct err *e)
{
	struct req_patch r;

	if (field_read(&req_patch_fields, body, &r, e) ||
	    req_check_metadata(r.metadata, e) ||
	    req_check_label("name", r.name, e) ||
	    req_refuse_later(body, later, sizeof(later) / sizeof(later[0]), e))
		return -1;
	*out = r;
	return 0;
}

int
req_patch_apply(const struct req_patch *r, struct sandbox *s, struct err *e)
{
	if (r->has_name)
		text_copy(s->name, sizeof(s->name), r->name);
	if (r->has_timeout)
		s->timeout_s = r->timeout;
	if (r->has_metadata) {
		auto_free char *text = json_text(r->metadata);

		if (!text)
			return err_set(e, ERR_INTERNAL,
				       "metadata: out of memory");
		text_copy(s->metadata, sizeof(s->metadata), text);
	}
	return 0;
}
