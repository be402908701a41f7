#include "store/column.h"

#include <string.h>
#include <time.h>

#include "buf.h"

struct cell
cell_int(int64_t v)
{
	return (struct cell){.type = CELL_INT, .i = v};
}

struct cell
cell_text(const char *s)
{
	if (!s)
		return (struct cell){.type = CELL_NULL};
	return (struct cell){.type = CELL_TEXT, .p = s, .n = strlen(s)};
}

struct cell
cell_blob(const void *p, size_t n)
{
	if (!p)
		return (struct cell){.type = CELL_NULL};
	return (struct cell){.type = CELL_BLOB, .p = p, .n = n};
}

struct cell
cell_time(int64_t unix_us)
{
	if (unix_us == 0)
		return (struct cell){.type = CELL_NULL};
	return (struct cell){.type = CELL_TIME, .i = unix_us};
}

struct cell
cell_day(int64_t unix_us)
{
	return (struct cell){.type = CELL_DAY, .i = unix_us};
}

static void
time_to_mysql(MYSQL_TIME *out, int64_t unix_us, bool day)
{
	int64_t us = unix_us % 1000000, s = unix_us / 1000000;
	struct tm tm;

	if (us < 0) {
		us += 1000000;
		s--;
	}
	gmtime_r(&(time_t){s}, &tm);
	*out = (MYSQL_TIME){
		.year = (unsigned)(tm.tm_year + 1900),
		.month = (unsigned)(tm.tm_mon + 1),
		.day = (unsigned)tm.tm_mday,
		.time_type =
			day ? MYSQL_TIMESTAMP_DATE : MYSQL_TIMESTAMP_DATETIME,
	};
	if (day)
		return;
	out->hour = (unsigned)tm.tm_hour;
	out->minute = (unsigned)tm.tm_min;
	out->second = (unsigned)tm.tm_sec;
	out->second_part = (unsigned long)us;
}

static int64_t
time_from_mysql(const MYSQL_TIME *t)
{
	struct tm tm = {
		.tm_year = (int)t->year - 1900,
		.tm_mon = (int)t->month - 1,
		.tm_mday = (int)t->day,
		.tm_hour = (int)t->hour,
		.tm_min = (int)t->minute,
		.tm_sec = (int)t->second,
	};

	return (int64_t)timegm(&tm) * 1000000 + (int64_t)t->second_part;
}

/* The C API's input buffers are not const, though it only reads them. */
static void *
unconst(const void *p)
{
	union {
		const void *in;
		void *out;
	} u = {.in = p};

	return u.out;
}

void
column_bind_cell(MYSQL_BIND *b, const struct cell *c, MYSQL_TIME *time)
{
	*b = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_NULL};
	switch (c->type) {
	case CELL_NULL:
		break;
	case CELL_INT:
		b->buffer_type = MYSQL_TYPE_LONGLONG;
		b->buffer = unconst(&c->i);
		break;
	case CELL_TEXT:
	case CELL_BLOB:
		b->buffer_type = c->type == CELL_TEXT ? MYSQL_TYPE_STRING
						      : MYSQL_TYPE_BLOB;
		b->buffer = unconst(c->p);
		b->buffer_length = c->n;
		break;
	case CELL_TIME:
	case CELL_DAY:
		time_to_mysql(time, c->i, c->type == CELL_DAY);
		b->buffer_type = c->type == CELL_DAY ? MYSQL_TYPE_DATE
						     : MYSQL_TYPE_DATETIME;
		b->buffer = time;
		break;
	}
}

void
column_bind(MYSQL_BIND *b, const struct column *c, struct column_slot *slot,
	    void *row)
{
	*b = (MYSQL_BIND){.is_null = &slot->null,
			  .length = &slot->length,
			  .error = &slot->error};
	switch (c->type) {
	case COLUMN_INT:
	case COLUMN_BOOL:
		b->buffer_type = MYSQL_TYPE_LONGLONG;
		b->buffer = &slot->v.i;
		break;
	case COLUMN_TEXT:
		b->buffer_type = MYSQL_TYPE_STRING;
		b->buffer = (char *)row + c->offset;
		b->buffer_length = c->size;
		break;
	case COLUMN_NAME:
		b->buffer_type = MYSQL_TYPE_STRING;
		b->buffer = slot->v.name;
		b->buffer_length = sizeof(slot->v.name);
		break;
	case COLUMN_TIME:
		b->buffer_type = MYSQL_TYPE_DATETIME;
		b->buffer = &slot->v.time;
		break;
	case COLUMN_BUF: /* fetched when its length is known */
		b->buffer_type = MYSQL_TYPE_BLOB;
		break;
	}
}

static int
take_buf(MYSQL_STMT *stmt, unsigned index, struct column_slot *slot,
	 struct buf *out)
{
	MYSQL_BIND b = {.buffer_type = MYSQL_TYPE_BLOB};
	uint8_t *room;

	if (slot->null || slot->length == 0)
		return 0;
	room = buf_reserve(out, slot->length);
	if (!room)
		return -1;
	b.buffer = room;
	b.buffer_length = slot->length;
	b.length = &slot->length;
	b.is_null = &slot->null;
	b.error = &slot->error;
	if (mysql_stmt_fetch_column(stmt, &b, index, 0))
		return -1;
	out->len += slot->length;
	out->data[out->len] = 0;
	return 0;
}

static int
take_name(const struct column *c, const struct column_slot *slot, void *member)
{
	char name[sizeof(slot->v.name)];
	int v;

	if (slot->null || slot->length >= sizeof(name))
		return -1;
	memcpy(name, slot->v.name, slot->length);
	name[slot->length] = 0;
	v = c->parse(name);
	if (v < 0)
		return -1;
	memcpy(member, &v, sizeof(v));
	return 0;
}

int
column_take(MYSQL_STMT *stmt, unsigned index, const struct column *c,
	    struct column_slot *slot, void *row)
{
	char *member = (char *)row + c->offset;
	int64_t v;

	switch (c->type) {
	case COLUMN_INT:
	case COLUMN_TIME:
		v = slot->v.i;
		if (slot->null)
			v = 0;
		else if (c->type == COLUMN_TIME)
			v = time_from_mysql(&slot->v.time);
		memcpy(member, &v, sizeof(v));
		return 0;
	case COLUMN_BOOL:
		*(bool *)member = !slot->null && slot->v.i != 0;
		return 0;
	case COLUMN_TEXT:
		if (!slot->null && slot->length >= c->size)
			return -1;
		member[slot->null ? 0 : slot->length] = 0;
		return 0;
	case COLUMN_NAME:
		return take_name(c, slot, member);
	case COLUMN_BUF:
		return take_buf(stmt, index, slot,
				*(struct buf **)(void *)member);
	}
	return -1;
}
