#include "page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "buf.h"
#include "call.h"
#include "err.h"
#include "request.h"
#include "response.h"
#include "text.h"

#define LINK_MAX 8192

int
page_init(struct page *p, struct call *c, struct err *e)
{
	int64_t limit = PAGE_DEFAULT, before = 0;

	*p = (struct page){0};
	if (query_int(&c->req->query, "limit", 1, PAGE_MAX, &limit, e) ||
	    query_int(&c->req->query, "cursor", 1, INT64_MAX, &before, e))
		return -1;
	p->limit = (int)limit;
	p->before = (uint64_t)before;
	p->items = json_array();
	if (!p->items)
		return err_set(e, ERR_INTERNAL, "list: out of memory");
	return 0;
}

void
page_fini(struct page *p)
{
	json_decref(p->items);
}

int
page_add(struct page *p, uint64_t seq, json_t *item)
{
	if (json_array_size(p->items) == (size_t)p->limit) {
		json_decref(item);
		p->more = true;
		return 1;
	}
	if (json_array_append_new(p->items, item)) {
		p->failed = true;
		return 1;
	}
	p->last = seq;
	return 0;
}

/* The same query with another cursor. */
static int
next_link(const struct page *p, const struct call *c, struct buf *out)
{
	const struct query *q = &c->req->query;

	if (buf_addf(out, "<%s?", c->req->path))
		return -1;
	for (size_t i = 0; i < q->count; i++) {
		const struct query_arg *a = &q->args[i];

		if (strcmp(a->name, "cursor") == 0)
			continue;
		if (text_add_pct(out, a->name, strlen(a->name)) ||
		    buf_addstr(out, "=") ||
		    text_add_pct(out, a->value, a->len) || buf_addstr(out, "&"))
			return -1;
	}
	return buf_addf(out, "cursor=%" PRIu64 ">; rel=\"next\"", p->last);
}

int
page_answer(struct page *p, struct call *c, struct err *e)
{
	auto_buf struct buf link = {0};

	buf_init(&link, LINK_MAX);
	if (p->failed)
		return err_set(e, ERR_INTERNAL, "list: out of memory");
	if (p->more) {
		response_header_int(c->resp, "X-Next-Cursor",
				    (long long)p->last);
		if (next_link(p, c, &link) == 0)
			response_header(c->resp, "Link", buf_str(&link));
	}
	return response_json(c->resp, 200, steal_ptr(&p->items), e);
}
