#include "file_query.h"

#include "buf.h"
#include "channel.h"
#include "err.h"
#include "http.h"
#include "model/req_file.h"

int
file_query_read(const struct http_exchange *x, const char *const *names,
		const char *fallback, struct query *q, struct buf *path,
		struct err *e)
{
	buf_init(path, FILE_PATH_MAX);
	if (query_init(q, x->request->query, e) < 0 ||
	    query_allow(q, names, e) < 0)
		return -1;
	return req_file_path(q, fallback, path, e);
}
