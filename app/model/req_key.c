#include "req_key.h"

#include "err.h"
#include "req.h"
#include "timeutil.h"

FIELDS_DEFINE(req_key, REQ_KEY_FIELDS)

int
req_key_read(json_t *body, struct req_key *out, int64_t *out_expires_us,
	     struct err *e)
{
	struct req_key r;
	int64_t expires = 0;

	if (field_read(&req_key_fields, body, &r, e) ||
	    req_check_label("name", r.name, e))
		return -1;
	if (r.expires_at && time_parse_rfc3339(r.expires_at, &expires))
		return err_field(e, "expires_at",
				 "expires_at: must be an RFC 3339 time");
	if (r.expires_at && expires <= time_unix_us())
		return err_field(e, "expires_at",
				 "expires_at: must be in the future");
	if (!r.has_name)
		r.name = "";
	if (!r.has_scope)
		r.scope = "full";
	*out = r;
	*out_expires_us = expires;
	return 0;
}
