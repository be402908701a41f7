#include "net_request.h"

#include "allowlist.h"
#include "auto.h"
#include "buf.h"
#include "err.h"

int
net_request_read(const char *mode, const json_t *list, enum net_mode *out_mode,
		 char **out_names, struct err *e)
{
	int m = mode ? net_mode_from_name(mode) : NET_MODE_none;
	bool names = json_array_size(list) > 0;
	auto_buf struct buf b = {0};
	char *text;

	buf_init(&b, ALLOWLIST_TEXT_MAX);
	if (m < 0)
		return err_field(e, "network_mode",
				 "must be full, none or allowlist");
	if (names != (m == NET_MODE_allowlist))
		return err_field(e, "allowlist",
				 "belongs to network_mode allowlist, and must "
				 "not be empty then");
	if (allowlist_read(list, &b, e) < 0)
		return -1;
	text = buf_steal(&b);
	if (!text)
		return err_set(e, ERR_INTERNAL, "no memory");
	*out_mode = (enum net_mode)m;
	*out_names = text;
	return 0;
}
