#include "req_network.h"

#include <string.h>

#include "allowlist.h"
#include "auto.h"
#include "buf.h"
#include "err.h"
#include "field.h"
#include "sandbox.h"
#include "text.h"

static int
check_mode(const char *mode, struct err *e)
{
	static const char *const modes[] = {"full", "none", "allowlist"};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(mode, modes[i]) == 0)
			return 0;
	}
	return err_field(e, "network_mode",
			 "network_mode: must be full, none or allowlist");
}

/* The names as JSON text; malloc'ed, or NULL. */
static char *
plain_names(const json_t *allowlist, struct err *e)
{
	auto_json json_t *names = NULL;
	auto_buf struct buf b = {0};
	char *text;

	buf_init(&b, ALLOWLIST_TEXT_MAX);
	if (allowlist_read(allowlist, &b, e) < 0)
		return NULL;
	names = allowlist_json(buf_str(&b));
	text = names ? json_text(names) : NULL;
	if (!text)
		err_set(e, ERR_INTERNAL, "allowlist: out of memory");
	return text;
}

int
req_network_apply(const char *mode, const json_t *allowlist, struct sandbox *s,
		  struct err *e)
{
	auto_free char *names = NULL;
	bool any;

	if (!mode)
		mode = s->network_mode;
	if (check_mode(mode, e) < 0)
		return -1;
	if (allowlist) {
		names = plain_names(allowlist, e);
		if (!names)
			return -1;
	}
	any = strchr(names ? names : s->allowlist, '"') != NULL;
	if (!any && strcmp(mode, "allowlist") == 0)
		return err_field(e, "allowlist",
				 "allowlist: needed with network_mode "
				 "allowlist");
	if (mode != s->network_mode)
		text_copy(s->network_mode, sizeof(s->network_mode), mode);
	if (names && text_copy(s->allowlist, sizeof(s->allowlist), names) < 0)
		return err_set(e, ERR_INTERNAL, "allowlist: too long to store");
	return 0;
}
